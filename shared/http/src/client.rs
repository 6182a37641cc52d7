use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Url};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::egress::Egress;
use crate::error::chain;
use crate::{BuildError, HttpConfig, HttpError, Phase, Reason, Secret, tls};

/// A pooled client with the rules of one [`HttpConfig`].
pub struct Http {
    client: Client,
    egress: Egress,
    permits: Semaphore,
    timeout_ms_total: u64,
    response_bytes_max: usize,
}

/// One call. Not `Debug`: headers and body may hold secrets.
pub struct Request {
    operation: &'static str,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, Secret)>,
    body: Option<Bytes>,
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
        let egress = Egress::new(config.allow);
        let client = client_builder()
            .tls_backend_preconfigured(tls::client_config(config.private_ca_pem.as_deref())?)
            .dns_resolver(egress.clone())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_millis(config.timeout_ms_connect))
            .user_agent(config.user_agent)
            .build()
            .map_err(|e| BuildError::SetUp(chain(&e)))?;
        Ok(Self {
            client,
            egress,
            permits: Semaphore::new(config.max_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            timeout_ms_total: config.timeout_ms_total,
            response_bytes_max: config.response_bytes_max,
        })
    }

    /// Sends once. Every status but 429 is a response; what it means is the caller's to say.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let operation = request.operation;
        let timeout_ms = request.timeout_ms.unwrap_or(self.timeout_ms_total);
        if let Err(told) = self.egress.check(&request.url) {
            return Err(failed(operation, Phase::NotSent, Reason::NotAllowed(told)));
        }
        let prepared = self.prepare(request)?;
        let limit = Duration::from_millis(timeout_ms);
        let Ok(Ok(_permit)) = timeout(limit, self.permits.acquire()).await else {
            return Err(failed(operation, Phase::NotSent, Reason::TimedOut(timeout_ms)));
        };
        match timeout(limit, self.exchange(operation, prepared)).await {
            Ok(result) => result,
            Err(_) => Err(failed(operation, Phase::Unclear, Reason::TimedOut(timeout_ms))),
        }
    }

    fn prepare(&self, request: Request) -> Result<reqwest::Request, HttpError> {
        let malformed =
            |what: String| failed(request.operation, Phase::NotSent, Reason::Malformed(what));
        let mut prepared = reqwest::Request::new(request.method, request.url);
        for (name, value) in &request.headers {
            let key = HeaderName::try_from(*name).map_err(|e| malformed(e.to_string()))?;
            let mut value = HeaderValue::try_from(value.expose())
                .map_err(|_| malformed(format!("header {name}")))?;
            value.set_sensitive(true);
            prepared.headers_mut().insert(key, value);
        }
        if let Some(body) = request.body {
            *prepared.body_mut() = Some(body.into());
        }
        Ok(prepared)
    }

    async fn exchange(
        &self,
        operation: &'static str,
        prepared: reqwest::Request,
    ) -> Result<Response, HttpError> {
        let response =
            self.client.execute(prepared).await.map_err(|e| not_answered(operation, e))?;
        let status = response.status().as_u16();
        if status == 429 {
            let mut error = failed(operation, Phase::Throttled, Reason::TooManyRequests);
            error.retry_after_ms = retry_after_ms(response.headers());
            error.status = Some(status);
            return Err(error);
        }
        self.collect(response).await.map_err(|reason| {
            let mut error = failed(operation, Phase::Unclear, reason);
            error.status = Some(status);
            error
        })
    }

    async fn collect(&self, mut response: reqwest::Response) -> Result<Response, Reason> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let declared = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
        if declared.is_some_and(|n: usize| n > self.response_bytes_max) {
            return Err(Reason::TooLarge(self.response_bytes_max));
        }
        let mut body = Vec::new();
        loop {
            let chunk = response.chunk().await.map_err(lost)?;
            let Some(chunk) = chunk else { break };
            if body.len().saturating_add(chunk.len()) > self.response_bytes_max {
                return Err(Reason::TooLarge(self.response_bytes_max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body: body.into() })
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
}

impl Response {
    /// A response header as text, if present and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate is where clients are made")]
fn client_builder() -> reqwest::ClientBuilder {
    Client::builder()
}

fn failed(operation: &'static str, phase: Phase, source: Reason) -> HttpError {
    HttpError { phase, operation, retry_after_ms: None, status: None, source }
}

/// An error before a status line. Only what happened before the connection stood is `NotSent`.
fn not_answered(operation: &'static str, error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    if error.is_builder() {
        return failed(operation, Phase::NotSent, Reason::Malformed(chain(&error)));
    }
    if error.is_connect() {
        return failed(operation, Phase::NotSent, Reason::NoConnection(chain(&error)));
    }
    failed(operation, Phase::Unclear, Reason::ConnectionLost(chain(&error)))
}

fn lost(error: reqwest::Error) -> Reason {
    Reason::ConnectionLost(chain(&error.without_url()))
}

/// `Retry-After` in seconds, as milliseconds. The date form needs a clock and is left to back-off.
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    seconds.checked_mul(1_000)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
