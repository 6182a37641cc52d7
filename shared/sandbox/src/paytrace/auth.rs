//! Tokens: `POST /oauth/token`, form or JSON [O][C].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::config::{PaytraceConfig, User};
use crate::sim::{SimReply, SimRequest};

#[derive(Default)]
pub struct Tokens {
    live: BTreeMap<String, (String, Timestamp)>,
    issued: u64,
}

impl Tokens {
    pub fn issue(
        &mut self,
        now: Timestamp,
        request: &SimRequest,
        config: &PaytraceConfig,
    ) -> SimReply {
        let fields = fields(request);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let known = config
            .users
            .iter()
            .find(|user| user.username == field("username") && user.password == field("password"));
        let (Some(user), "password") = (known, field("grant_type")) else {
            return SimReply::json(
                401,
                &json!({"error": "invalid_grant",
                        "error_description": "The provided authorization grant is invalid, \
                         expired, revoked, or was issued to another client."}),
            );
        };
        self.issued = self.issued.saturating_add(1);
        let token = format!("73616e64626f78:{:012x}:{:016x}", self.issued, now.as_nanosecond());
        let ends = now.checked_add(SignedDuration::from_secs(config.token_seconds)).unwrap_or(now);
        self.live.retain(|_, (_, until)| *until > now);
        self.live.insert(token.clone(), (user.username.clone(), ends));
        SimReply::json(
            200,
            &json!({"access_token": token, "token_type": "Bearer",
                    "expires_in": config.token_seconds, "created_at": now.as_second()}),
        )
    }

    /// The user a call is made by; otherwise 401 `invalid_token`.
    pub fn user<'c>(
        &self,
        now: Timestamp,
        request: &SimRequest,
        config: &'c PaytraceConfig,
    ) -> Result<&'c User, SimReply> {
        let bearer = request.header("authorization").and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let live = bearer.and_then(|token| self.live.get(token));
        let name = live.filter(|(_, until)| *until > now).map(|(name, _)| name);
        name.and_then(|name| config.users.iter().find(|user| user.username == *name)).ok_or_else(
            || {
                SimReply::json(
                    401,
                    &json!({"error": "invalid_token",
                            "error_description": "The access token is invalid or has expired."}),
                )
            },
        )
    }
}

fn fields(request: &SimRequest) -> BTreeMap<String, String> {
    if let Ok(Value::Object(members)) = serde_json::from_slice(&request.body) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        return members.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    }
    let body = String::from_utf8_lossy(&request.body);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
