//! The network as a transport: one connection pool of reqwest.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Client;
use reqwest::header::{CONTENT_LENGTH, HeaderName, HeaderValue};

use crate::egress::Egress;
use crate::error::chain;
use crate::transport::{Incident, Transport};
use crate::{BuildError, HttpConfig, Phase, Reason, Request, Response, tls};

pub(crate) struct Network {
    client: Client,
    response_bytes_max: usize,
}

impl Network {
    pub fn new(config: &HttpConfig, egress: Egress) -> Result<Self, BuildError> {
        let client = client_builder()
            .tls_backend_preconfigured(tls::client_config(config.private_ca_pem.as_deref())?)
            .dns_resolver(egress)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_millis(config.timeout_ms_connect))
            .user_agent(&config.user_agent)
            .build()
            .map_err(|e| BuildError::SetUp(chain(&e)))?;
        Ok(Self { client, response_bytes_max: config.response_bytes_max })
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
        Ok(Response::new(status, headers, body.into()))
    }
}

#[async_trait]
impl Transport for Network {
    async fn carry(&self, request: Request) -> Result<Response, Incident> {
        let response = self.client.execute(prepared(request)).await.map_err(not_answered)?;
        let status = response.status().as_u16();
        if status == 429 {
            // What it says beyond its headers is of no interest, and may not come.
            return Ok(Response::new(status, response.headers().clone(), "".into()));
        }
        let unclear = |reason| Incident { phase: Phase::Unclear, status: Some(status), reason };
        self.collect(response).await.map_err(unclear)
    }
}

fn prepared(request: Request) -> reqwest::Request {
    let mut prepared = reqwest::Request::new(request.method, request.url);
    for (name, value) in &request.headers {
        let key = HeaderName::try_from(*name);
        let value = HeaderValue::try_from(value.expose());
        if let (Ok(key), Ok(mut value)) = (key, value) {
            value.set_sensitive(true);
            prepared.headers_mut().insert(key, value);
        }
    }
    if let Some(body) = request.body {
        *prepared.body_mut() = Some(body.into());
    }
    prepared
}

#[expect(clippy::disallowed_methods, reason = "this crate is where clients are made")]
fn client_builder() -> reqwest::ClientBuilder {
    Client::builder()
}

/// An error before a status line. Only what happened before the connection stood is `NotSent`.
fn not_answered(error: reqwest::Error) -> Incident {
    let error = error.without_url();
    let incident = |phase, reason| Incident { phase, status: None, reason };
    if error.is_builder() {
        return incident(Phase::NotSent, Reason::Malformed(chain(&error)));
    }
    if error.is_connect() {
        return incident(Phase::NotSent, Reason::NoConnection(chain(&error)));
    }
    incident(Phase::Unclear, Reason::ConnectionLost(chain(&error)))
}

fn lost(error: reqwest::Error) -> Reason {
    Reason::ConnectionLost(chain(&error.without_url()))
}
