use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::egress::Egress;
use crate::network::Network;
use crate::transport::{Incident, Transport};
use crate::{BuildError, HttpConfig, HttpError, Phase, Reason, Secret};

/// A client with the rules of one [`HttpConfig`].
pub struct Http {
    transport: Box<dyn Transport>,
    egress: Egress,
    permits: Semaphore,
    timeout_ms_total: u64,
}

/// One call. Not `Debug`: headers and body may hold secrets.
pub struct Request {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, Secret)>,
    pub(crate) body: Option<Bytes>,
    timeout_ms: Option<u64>,
}

/// A complete response of any status except 429.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    headers: HeaderMap,
    /// The whole body, at most `response_bytes_max`.
    pub body: Bytes,
}

impl Http {
    /// Builds the pool; no connection is made.
    pub fn new(config: HttpConfig) -> Result<Self, BuildError> {
        let egress = Egress::new(config.allow.clone());
        let network = Network::new(&config, egress.clone())?;
        Ok(Self::with(Box::new(network), egress, &config))
    }

    /// The same rules over another transport. Connection times are then the transport's own.
    #[must_use]
    pub fn over(transport: Box<dyn Transport>, config: HttpConfig) -> Self {
        let egress = Egress::new(config.allow.clone());
        Self::with(transport, egress, &config)
    }

    fn with(transport: Box<dyn Transport>, egress: Egress, config: &HttpConfig) -> Self {
        Self {
            transport,
            egress,
            permits: Semaphore::new(config.max_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            timeout_ms_total: config.timeout_ms_total,
        }
    }

    /// Sends once. Every status but 429 is a response; what it means is the caller's to say.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let operation = request.operation;
        let timeout_ms = request.timeout_ms.unwrap_or(self.timeout_ms_total);
        if let Err(told) = self.egress.check(&request.url) {
            return Err(failed(operation, Phase::NotSent, Reason::NotAllowed(told)));
        }
        request.legal()?;
        let limit = Duration::from_millis(timeout_ms);
        let Ok(Ok(_permit)) = timeout(limit, self.permits.acquire()).await else {
            return Err(failed(operation, Phase::NotSent, Reason::TimedOut(timeout_ms)));
        };
        match timeout(limit, self.transport.carry(request)).await {
            Ok(Ok(response)) if response.status == 429 => Err(throttled(operation, &response)),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(Incident { phase, status, reason })) => {
                Err(HttpError { status, ..failed(operation, phase, reason) })
            }
            Err(_) => Err(failed(operation, Phase::Unclear, Reason::TimedOut(timeout_ms))),
        }
    }
}

impl Request {
    /// A request; `operation` names it in errors.
    pub fn new(operation: &'static str, method: Method, url: Url) -> Self {
        Self { operation, method, url, headers: Vec::new(), body: None, timeout_ms: None }
    }

    /// Sets a header; a value that is not a legal header is an error of `send`.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value)));
        self
    }

    /// Sets the body; the content type is a header of the caller's.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Replaces the total time of the client for this call, milliseconds.
    #[must_use]
    pub fn timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Headers as they are sent. Their values may be secrets.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.expose()))
    }

    pub fn payload(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    fn legal(&self) -> Result<(), HttpError> {
        let malformed =
            |what: String| failed(self.operation, Phase::NotSent, Reason::Malformed(what));
        for (name, value) in &self.headers {
            HeaderName::try_from(*name).map_err(|e| malformed(e.to_string()))?;
            HeaderValue::try_from(value.expose())
                .map_err(|_| malformed(format!("header {name}")))?;
        }
        Ok(())
    }
}

impl Response {
    #[must_use]
    pub fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body }
    }

    /// A response header as text, if present and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn failed(operation: &'static str, phase: Phase, source: Reason) -> HttpError {
    HttpError { phase, operation, retry_after_ms: None, status: None, source }
}

fn throttled(operation: &'static str, response: &Response) -> HttpError {
    let mut error = failed(operation, Phase::Throttled, Reason::TooManyRequests);
    error.retry_after_ms = retry_after_ms(&response.headers);
    error.status = Some(response.status);
    error
}

/// `Retry-After` in seconds, as milliseconds. The date form needs a clock and is left to back-off.
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    seconds.checked_mul(1_000)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
