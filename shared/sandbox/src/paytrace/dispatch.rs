//! The account behind its API: which path does what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::auth::Tokens;
use super::card::{Card, plain};
use super::checks::Checks;
use super::config::{PaytraceConfig, User};
use super::record::Records;
use super::recurrence::Recurrences;
use super::reply::{self, Errors};
use super::vault::Vault;
use super::{command, state};
use crate::sim::{SimReply, SimRequest, Simulator};

/// One merchant's PayTrace account.
pub struct PaytraceSim {
    pub(super) config: PaytraceConfig,
    pub(super) tokens: Tokens,
    pub(super) records: Records,
    pub(super) vault: Vault,
    pub(super) checks: Checks,
    pub(super) recurrences: Recurrences,
    /// Cards behind hosted-field tokens not yet used.
    pub(super) hosted: BTreeMap<String, Hosted>,
    pub(super) issued: u64,
}

/// A card entered into hosted fields, and the key its token goes with.
pub(super) struct Hosted {
    pub key: String,
    pub card: Card,
    pub csc: String,
}

/// One authenticated API call.
pub(super) struct Call<'a> {
    pub now: Timestamp,
    pub user: User,
    pub body: &'a Value,
}

pub(super) type Answered = Result<SimReply, Errors>;

impl PaytraceSim {
    #[must_use]
    pub fn new(config: PaytraceConfig) -> Self {
        Self {
            records: Records::new(&config),
            tokens: Tokens::default(),
            vault: Vault::default(),
            checks: Checks::default(),
            recurrences: Recurrences::default(),
            hosted: BTreeMap::new(),
            issued: 0,
            config,
        }
    }

    /// Runs what is due, then settles what the cut-offs up to now settle.
    pub(super) fn let_time_pass(&mut self, now: Timestamp) {
        self.run_recurrences(now);
        self.records.let_time_pass(now, &self.config);
    }

    fn api(&mut self, now: Timestamp, path: &str, request: &SimRequest) -> SimReply {
        let user = match self.tokens.user(now, request, &self.config) {
            Ok(user) => user.clone(),
            Err(reply) => return reply,
        };
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let call = Call { now, user, body: &body };
        if !path.starts_with("payment_fields/")
            && let Err(errors) = self.integrator(&body)
        {
            return errors.reply();
        }
        let answered = match path.split_once('/') {
            Some(("transactions", rest)) => self.transactions(&call, rest),
            Some(("customer", rest)) => self.customer(&call, rest),
            Some(("checks", rest)) => self.checks(&call, rest),
            Some(("batches", rest)) => self.batches(&call, rest),
            Some(("recurrence", rest)) => self.recurrence(&call, rest),
            Some(("level_three", rest)) => self.level_three(&call, rest),
            Some(("payment_fields", "token/create")) => Ok(self.client_key()),
            _ => return reply::page_not_found(),
        };
        answered.unwrap_or_else(|errors| errors.reply())
    }

    fn transactions(&mut self, call: &Call<'_>, path: &str) -> Answered {
        match path.split_once('/') {
            Some(("sale", source)) => self.sale(call, source, true),
            Some(("authorization", "capture")) => self.capture(call),
            Some(("authorization", source)) => self.sale(call, source, false),
            Some(("refund", source)) => self.refund(call, source),
            Some(("export", "by_id")) => self.export_by_id(call),
            Some(("export", "by_date_range")) => self.export_by_date_range(call),
            None if path == "void" => self.void(call),
            None if path == "settle" => Ok(self.settle(call)),
            None if path == "email_receipt" => self.email_receipt(call),
            _ => Ok(reply::page_not_found()),
        }
    }

    /// Missing 970, unknown 971 [R].
    fn integrator(&self, body: &Value) -> Result<(), Errors> {
        match plain(body.get("integrator_id")) {
            given if given.is_empty() => Err(missing("integrator_id")),
            given if given == self.config.integrator_id => Ok(()),
            _ => Err(Errors::one(971, "Please provide a valid integrator ID.")),
        }
    }
}

/// A required parameter is missing or empty [R].
pub(super) fn missing(name: &str) -> Errors {
    Errors::one(970, format!("Please provide a valid {name}. The parameter is missing or empty."))
}

impl Simulator for PaytraceSim {
    fn handle(&mut self, now: Timestamp, request: &SimRequest) -> SimReply {
        self.let_time_pass(now);
        let path = request.path.trim_end_matches('/');
        match (request.method.as_str(), path) {
            ("POST", "/oauth/token") => self.tokens.issue(now, request, &self.config),
            (_, "/v1/ping") => SimReply::json(200, &serde_json::json!({"success": true})),
            ("POST", path) => match path.strip_prefix("/v1/") {
                Some(rest) => self.api(now, rest, request),
                None => reply::page_not_found(),
            },
            _ => reply::page_not_found(),
        }
    }

    fn state(&self) -> Value {
        state::of(self)
    }

    fn command(&mut self, now: Timestamp, command: &str, body: &Value) -> Result<Value, String> {
        self.let_time_pass(now);
        command::perform(self, now, command, body)
    }
}
