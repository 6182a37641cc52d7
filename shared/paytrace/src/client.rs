use std::sync::Arc;

use paysage_http::{Http, Method, Phase, Request, Response, Secret, Url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::PayTraceError;

/// One API user of one PayTrace account.
pub struct PayTraceClient {
    config: PayTraceConfig,
    http: Arc<Http>,
    token: Mutex<Option<Token>>,
}

/// Where PayTrace is and who calls. Not `Debug`: it holds the password.
#[derive(Clone)]
pub struct PayTraceConfig {
    /// Scheme and host, such as `https://api.paytrace.com`.
    pub base_url: String,
    /// API user \[O\].
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// Identifies the integration; sent with every call \[O\].
    pub integrator_id: String,
    /// A monotonic clock in milliseconds, for the age of the token only.
    pub monotonic_ms: fn() -> i64,
    /// How long before its end a token is replaced, milliseconds.
    pub token_margin_ms: i64,
    /// Time for a read, milliseconds.
    pub timeout_ms_read: u64,
    /// Time for a money call, milliseconds; recorded calls took up to 19 s \[R\].
    pub timeout_ms_money: u64,
}

impl PayTraceConfig {
    /// The usual limits for one API user.
    pub fn new(
        base_url: &str,
        username: &str,
        password: Secret,
        integrator_id: &str,
        monotonic_ms: fn() -> i64,
    ) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            username: username.to_owned(),
            password,
            integrator_id: integrator_id.to_owned(),
            monotonic_ms,
            token_margin_ms: 300_000,
            timeout_ms_read: 60_000,
            timeout_ms_money: 75_000,
        }
    }
}

struct Token {
    bearer: Secret,
    ends_ms: i64,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
}

/// A JSON answer that is an object.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl PayTraceClient {
    /// Checks the configuration; nothing is sent.
    pub fn new(config: PayTraceConfig, http: Arc<Http>) -> Result<Self, PayTraceError> {
        if Url::parse(&config.base_url).is_err() {
            let told = "the base URL is malformed";
            return Err(PayTraceError::new("paytrace.new", Phase::NotSent, told));
        }
        Ok(Self { config, http, token: Mutex::new(None) })
    }

    pub(crate) async fn read<B: Serialize>(
        &self,
        operation: &'static str,
        path: &str,
        body: &B,
    ) -> Result<Answer, PayTraceError> {
        self.call(operation, path, body, self.config.timeout_ms_read).await
    }

    pub(crate) async fn pay<B: Serialize>(
        &self,
        operation: &'static str,
        path: &str,
        body: &B,
    ) -> Result<Answer, PayTraceError> {
        self.call(operation, path, body, self.config.timeout_ms_money).await
    }

    /// Sends with a token; an answer that the token is invalid is met once with a fresh one,
    /// because such a call was not looked at.
    async fn call<B: Serialize>(
        &self,
        operation: &'static str,
        path: &str,
        body: &B,
        timeout_ms: u64,
    ) -> Result<Answer, PayTraceError> {
        let malformed = |told| PayTraceError::new(operation, Phase::NotSent, told);
        let mut body = serde_json::to_value(body).map_err(|_| malformed("unwritable body"))?;
        let fields = body.as_object_mut().ok_or_else(|| malformed("a body is an object"))?;
        fields.insert("integrator_id".to_owned(), self.config.integrator_id.clone().into());
        let body = body.to_string();
        let url = self.url(operation, &format!("/v1/{path}"))?;
        let mut rejected: Option<Secret> = None;
        loop {
            let bearer = self.bearer(rejected.as_ref()).await.map_err(before_sending)?;
            let request = Request::new(operation, Method::POST, url.clone())
                .header("authorization", format!("Bearer {}", bearer.expose()))
                .header("content-type", "application/json")
                .header("accept", "application/json")
                .timeout_ms(timeout_ms)
                .body(body.clone());
            let sent = self.http.send(request).await;
            let response = sent.map_err(|e| PayTraceError::transport(operation, e))?;
            if !token_refused(&response) {
                return answer(operation, &response);
            }
            if rejected.is_some() {
                let mut error = malformed("a fresh token was refused");
                (error.phase, error.status) = (Phase::Refused, Some(response.status));
                error.code = Some("invalid_token".to_owned());
                return Err(error);
            }
            rejected = Some(bearer);
        }
    }

    /// A token, fetched at most once at a time. `rejected` is one that PayTrace no longer takes:
    /// it is replaced unless another call has replaced it already.
    async fn bearer(&self, rejected: Option<&Secret>) -> Result<Secret, PayTraceError> {
        let mut held = self.token.lock().await;
        let now_ms = (self.config.monotonic_ms)();
        if let Some(token) = held.as_ref() {
            let refused = rejected.is_some_and(|r| r.expose() == token.bearer.expose());
            if !refused && now_ms < token.ends_ms.saturating_sub(self.config.token_margin_ms) {
                return Ok(token.bearer.clone());
            }
        }
        *held = None;
        let token = self.fetch_token(now_ms).await?;
        let bearer = token.bearer.clone();
        *held = Some(token);
        Ok(bearer)
    }

    async fn fetch_token(&self, now_ms: i64) -> Result<Token, PayTraceError> {
        const OPERATION: &str = "paytrace.token";
        let form = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let body = format!(
            "grant_type=password&username={}&password={}",
            form(&self.config.username),
            form(self.config.password.expose())
        );
        let request = Request::new(OPERATION, Method::POST, self.url(OPERATION, "/oauth/token")?)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "*/*")
            .timeout_ms(self.config.timeout_ms_read)
            .body(body);
        let sent = self.http.send(request).await;
        let response = sent.map_err(|e| PayTraceError::transport(OPERATION, e))?;
        if let Some(code) = oauth_error(&response) {
            let mut error = PayTraceError::new(OPERATION, Phase::Refused, "no token was granted");
            (error.code, error.status) = (Some(code), Some(response.status));
            return Err(error);
        }
        let unclear =
            || PayTraceError::unclear(OPERATION, response.status, "no token in the answer");
        if !(200..300).contains(&response.status) {
            return Err(unclear());
        }
        let reply: TokenReply = serde_json::from_slice(&response.body).map_err(|_| unclear())?;
        let life_ms = reply.expires_in.unwrap_or(7_200).saturating_mul(1_000);
        Ok(Token {
            bearer: Secret::new(reply.access_token),
            ends_ms: now_ms.saturating_add(life_ms),
        })
    }

    fn url(&self, operation: &'static str, path: &str) -> Result<Url, PayTraceError> {
        Url::parse(&format!("{}{path}", self.config.base_url))
            .map_err(|_| PayTraceError::new(operation, Phase::NotSent, "the URL is malformed"))
    }
}

/// A failure to get a token happened before the call itself was sent.
fn before_sending(mut error: PayTraceError) -> PayTraceError {
    if error.phase == Phase::Unclear {
        error.phase = Phase::NotSent;
    }
    error
}

fn token_refused(response: &Response) -> bool {
    response.status == 401 || oauth_error(response).as_deref() == Some("invalid_token")
}

fn oauth_error(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    body.get("error")?.as_str().map(str::to_owned)
}

fn answer(operation: &'static str, response: &Response) -> Result<Answer, PayTraceError> {
    let status = response.status;
    let body: Value = serde_json::from_slice(&response.body)
        .map_err(|_| PayTraceError::unclear(operation, status, "the answer is not JSON"))?;
    if !body.is_object() {
        return Err(PayTraceError::unclear(operation, status, "the answer is not an object"));
    }
    Ok(Answer { status, body })
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
