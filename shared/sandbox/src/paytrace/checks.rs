//! Checks (ACH): accepted first, funded days later, sometimes returned.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::card::{self, plain};
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::reply::{self, Errors, head, ok};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Waits to be funded.
    Held,
    Accepted,
    Funded,
    Voided,
    Returned,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub id: i64,
    pub standing: Standing,
    /// Money goes to the account, not from it.
    pub refund: bool,
    pub refund_of: Option<i64>,
    pub cents: i64,
    /// Cents given back of it already.
    pub refunded: i64,
    pub account_last4: String,
    pub customer_id: String,
    pub created: Timestamp,
}

/// All checks of the account.
#[derive(Default)]
pub struct Checks {
    by_id: BTreeMap<i64, Check>,
}

const FIRST_ID: i64 = 990_001;
const NO_ACCOUNT: &str = "Please provide a valid Checking Account Number.";

impl Checks {
    fn put(&mut self, mut check: Check) -> i64 {
        let last = self.by_id.last_key_value().map_or(FIRST_ID - 1, |(id, _)| *id);
        check.id = last.saturating_add(1);
        let id = check.id;
        self.by_id.insert(id, check);
        id
    }

    /// A check the bank sent back.
    pub fn return_one(&mut self, id: i64) -> Result<(), String> {
        let check = self.by_id.get_mut(&id).ok_or_else(|| format!("there is no check {id}"))?;
        check.standing = Standing::Returned;
        Ok(())
    }

    pub fn state(&self) -> Value {
        let rows = self.by_id.values().map(|check| {
            json!({"id": check.id, "amount": Decimal::new(check.cents, 2).to_string(),
                   "status": format!("{:?}", check.standing).to_lowercase(),
                   "refund": check.refund, "refund_of": check.refund_of,
                   "customer_id": check.customer_id, "created": check.created,
                   "account_last4": check.account_last4})
        });
        Value::Array(rows.collect())
    }
}

impl PaytraceSim {
    pub(super) fn checks(&mut self, call: &Call<'_>, path: &str) -> Answered {
        match path.split_once('/') {
            Some(("sale", source)) => self.check(call, source, (Standing::Accepted, false)),
            Some(("hold", source)) => self.check(call, source, (Standing::Held, false)),
            Some(("refund", "by_transaction")) => self.check_refund(call),
            Some(("refund", source)) => self.check(call, source, (Standing::Accepted, true)),
            Some(("manage", "fund")) => {
                self.manage(call, &[Standing::Held, Standing::Accepted], Standing::Funded)
            }
            Some(("manage", "void")) => {
                self.manage(call, &[Standing::Held, Standing::Accepted], Standing::Voided)
            }
            _ => Ok(reply::page_not_found()),
        }
    }

    fn check(
        &mut self,
        call: &Call<'_>,
        source: &str,
        (standing, refund): (Standing, bool),
    ) -> Answered {
        let cents = card::cents(call.body.get("amount")).filter(|cents| *cents > 0);
        let cents = cents.ok_or_else(|| missing("amount"))?;
        let customer_id = plain(call.body.get("customer_id"));
        let account = match source {
            "by_account" => account_in(call.body)?,
            "by_customer" => {
                let account = self.vault.get(&customer_id)?.account.clone();
                account.ok_or_else(|| Errors::one(45, NO_ACCOUNT))?
            }
            _ => return Ok(reply::page_not_found()),
        };
        let last4 = account.get(account.len().saturating_sub(4)..).unwrap_or_default().to_owned();
        let declined = cents == 112;
        let check = Check {
            id: 0,
            standing: if declined { Standing::Voided } else { standing },
            refund,
            refund_of: None,
            cents,
            refunded: 0,
            account_last4: last4,
            customer_id,
            created: call.now,
        };
        let id = self.checks.put(check);
        let (code, message) = match (declined, refund) {
            (false, true) => (122, "Your check was successfully refunded."),
            (false, false) => (120, "Your check was successfully processed."),
            (true, _) => (125, "Your check was NOT successfully processed."),
        };
        let mut body = head(!declined, code, message);
        body.insert("check_transaction_id".into(), json!(id));
        if declined {
            body.insert("ach_code".into(), json!(0));
            body.insert("ach_message".into(), json!(""));
        }
        Ok(ok(body))
    }

    fn check_refund(&mut self, call: &Call<'_>) -> Answered {
        let original = self.named_check(call)?.clone();
        let left = original.cents.saturating_sub(original.refunded);
        let refundable =
            !original.refund && matches!(original.standing, Standing::Accepted | Standing::Funded);
        let cents = match call.body.get("amount") {
            None => left,
            given => card::cents(given).ok_or_else(|| missing("amount"))?,
        };
        if !refundable || cents == 0 || cents > left {
            return Err(unknown_check());
        }
        if let Some(check) = self.checks.by_id.get_mut(&original.id) {
            check.refunded = check.refunded.saturating_add(cents);
        }
        let refund = Check {
            standing: Standing::Accepted,
            refund: true,
            refund_of: Some(original.id),
            cents,
            refunded: 0,
            created: call.now,
            ..original
        };
        let id = self.checks.put(refund);
        let mut body = head(true, 122, "Your check was successfully refunded.");
        body.insert("check_transaction_id".into(), json!(id));
        Ok(ok(body))
    }

    fn manage(&mut self, call: &Call<'_>, from: &[Standing], to: Standing) -> Answered {
        let check = self.named_check(call)?;
        if !from.contains(&check.standing) {
            return Err(unknown_check());
        }
        let (id, cents) = (check.id, check.cents);
        let given_back = check.refund_of.filter(|_| to == Standing::Voided);
        if let Some(check) = self.checks.by_id.get_mut(&id) {
            check.standing = to;
        }
        if let Some(original) = given_back.and_then(|of| self.checks.by_id.get_mut(&of)) {
            original.refunded = original.refunded.saturating_sub(cents);
        }
        let mut body = head(true, 124, "Your check was successfully managed.");
        body.insert("check_transaction_id".into(), json!(id));
        Ok(ok(body))
    }

    pub(super) fn named_check(&self, call: &Call<'_>) -> Result<&Check, Errors> {
        let id = plain(call.body.get("check_transaction_id")).parse().ok();
        id.and_then(|id: i64| self.checks.by_id.get(&id)).ok_or_else(unknown_check)
    }
}

/// Routing numbers carry a check digit: 3, 7, 1 weighted [public ABA rule].
pub(super) fn account_in(body: &Value) -> Result<String, Errors> {
    let check = body.get("check");
    let text = |name: &str| plain(check.and_then(|check| check.get(name)));
    let (account, routing) = (text("account_number"), text("routing_number"));
    let mut errors = Errors::default();
    if account.len() < 4 || !account.chars().all(|c| c.is_ascii_digit()) {
        errors.add(45, NO_ACCOUNT);
    }
    let digits: Vec<u32> = routing.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip([3, 7, 1].iter().cycle()).map(|(d, weight)| d * weight).sum();
    if digits.len() != 9 || routing.len() != 9 || !sum.is_multiple_of(10) {
        errors.add(46, "Please provide a valid Transit Routing Number.");
    }
    if errors.is_empty() { Ok(account) } else { Err(errors) }
}

fn unknown_check() -> Errors {
    Errors::one(80, "The check ID is invalid, or the check is already void or settled.")
}
