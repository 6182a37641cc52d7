//! What is done to a transaction afterwards: capture, refund, void, settle, receipt.

use serde_json::json;

use super::card::{self, Card, plain};
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::record::{Address, Kind, Record, Standing};
use super::reply::{self, Errors, head, masked, ok};
use super::sale::{address, swiped, unknown_transaction};
use crate::sim::SimReply;

/// Who is given money back.
struct Payee {
    card: Card,
    billing: Address,
    customer_id: String,
    /// The transaction it is given back of.
    of: Option<i64>,
}

impl PaytraceSim {
    /// Keeps the authorization's id; for less than authorized, the rest lapses.
    pub(super) fn capture(&mut self, call: &Call<'_>) -> Answered {
        let record = self.named(call)?;
        let (id, authorized, standing) = (record.id, record.cents, record.standing);
        let cents = match call.body.get("amount") {
            None => authorized,
            given => card::cents(given).ok_or_else(|| missing("amount"))?,
        };
        if standing != Standing::Authorized || cents == 0 || cents > authorized {
            return Err(Errors::one(
                816,
                "The transaction could not be captured: it is not an open approved authorization.",
            ));
        }
        self.records.change(id, |record| {
            record.standing = Standing::Pending;
            record.cents = cents;
        });
        let mut body = head(true, 112, "Your transaction was successfully captured.");
        body.insert("transaction_id".into(), json!(id));
        body.insert("external_transaction_id".into(), json!(""));
        Ok(ok(body))
    }

    /// A void is for what has not settled yet [O].
    pub(super) fn void(&mut self, call: &Call<'_>) -> Answered {
        let record = self.named(call)?;
        let id = record.id;
        let voidable = matches!(record.standing, Standing::Pending | Standing::Authorized);
        let (code, message) = match voidable {
            true => (109, "Your transaction was successfully voided."),
            false => (110, "Your transaction was not voided: it is settled, declined or void."),
        };
        let given_back = record.refund_of.map(|original| (original, record.cents));
        if voidable {
            self.records.change(id, |record| record.standing = Standing::Voided);
            if let Some((original, cents)) = given_back {
                self.records.change(original, |record| {
                    record.refunded = record.refunded.saturating_sub(cents);
                });
            }
        }
        let mut body = head(voidable, code, message);
        body.insert("transaction_id".into(), json!(id));
        Ok(ok(body))
    }

    pub(super) fn refund(&mut self, call: &Call<'_>, from: &str) -> Answered {
        if !call.user.may_refund {
            return Err(Errors::one(981, "The API user lacks the permission for this action."));
        }
        match from {
            "for_transaction" => self.refund_of(call),
            "to_customer" => {
                let customer_id = plain(call.body.get("customer_id"));
                let profile = self.vault.get(&customer_id)?;
                let (card, billing) = (profile.charged()?.clone(), profile.billing.clone());
                let cents = self.amount(call)?;
                Ok(self.refunded(call, cents, Payee { card, billing, customer_id, of: None }))
            }
            "keyed" | "swiped" => {
                let card = match from {
                    "swiped" => swiped(call.body)?,
                    _ => card::read(call.body)?,
                };
                let billing = address(call.body.get("billing_address"));
                let cents = self.amount(call)?;
                let customer_id = String::new();
                Ok(self.refunded(call, cents, Payee { card, billing, customer_id, of: None }))
            }
            _ => Ok(reply::page_not_found()),
        }
    }

    /// Only what is settled, and never more in all than was taken [C][I].
    fn refund_of(&mut self, call: &Call<'_>) -> Answered {
        let record = self.named(call)?.clone();
        if !matches!(record.standing, Standing::Settled(_)) || record.kind == Kind::Refund {
            return Err(Errors::one(
                817,
                "The transaction could not be refunded: it has not settled. Void it instead.",
            ));
        }
        let left = record.cents.saturating_sub(record.refunded);
        let cents = match call.body.get("amount") {
            None => left,
            given => card::cents(given).ok_or_else(|| missing("amount"))?,
        };
        if cents == 0 || cents > left {
            let mut body = head(false, 107, "Your transaction was not refunded.");
            body.insert("transaction_id".into(), json!(record.id));
            return Ok(ok(body));
        }
        self.records.change(record.id, |record| {
            record.refunded = record.refunded.saturating_add(cents);
        });
        let (month, year) = record.expiration;
        let card = Card { number: record.card, month, year };
        let (billing, customer_id) = (record.billing, record.customer_id);
        let of = Some(record.id);
        Ok(self.refunded(call, cents, Payee { card, billing, customer_id, of }))
    }

    /// A refund is a transaction of its own; nothing in it names the one it refunds [C].
    fn refunded(
        &mut self,
        call: &Call<'_>,
        cents: i64,
        Payee { card, billing, customer_id, of }: Payee,
    ) -> SimReply {
        let text = |name: &str| plain(call.body.get(name));
        let record = Record {
            id: self.records.next_id(),
            kind: Kind::Refund,
            standing: Standing::Pending,
            cents,
            refunded: 0,
            refund_of: of,
            card: card.number,
            expiration: (card.month, card.year),
            billing,
            shipping: Address::default(),
            invoice_id: text("invoice_id"),
            description: text("description"),
            reference: text("customer_reference_id"),
            tax: "0.00".into(),
            email: text("email"),
            customer_id,
            approval_code: self.records.next_approval(),
            approval_message: String::new(),
            avs: String::new(),
            csc: String::new(),
            created: call.now,
            created_by: call.user.username.clone(),
            through: "API",
            settled: None,
        };
        let mut body = head(true, 106, "Your transaction was successfully refunded.");
        body.insert("transaction_id".into(), json!(record.id));
        if call.body.get("credit_card").is_some() {
            body.insert("approval_code".into(), json!(record.approval_code));
            body.insert("approval_message".into(), json!(record.approval_message));
            body.insert("avs_response".into(), json!(record.avs));
            body.insert("csc_response".into(), json!(record.csc));
            body.insert("masked_card_number".into(), json!(masked(&record.card, 'x')));
        }
        body.insert("external_transaction_id".into(), json!(""));
        self.records.put(record);
        ok(body)
    }

    pub(super) fn settle(&mut self, call: &Call<'_>) -> SimReply {
        self.records.settle(call.now, &self.config);
        ok(head(true, 175, "The batch was successfully settled."))
    }

    pub(super) fn email_receipt(&mut self, call: &Call<'_>) -> Answered {
        let email = plain(call.body.get("email"));
        if email.is_empty() {
            return Err(missing("email"));
        }
        if call.body.get("check_transaction_id").is_some() {
            self.named_check(call)?;
        } else {
            let id = self.named(call)?.id;
            self.records.change(id, |record| record.email = email);
        }
        Ok(ok(head(true, 149, "The receipt was successfully e-mailed.")))
    }

    /// The transaction a call names; unknown is 58.
    pub(super) fn named(&self, call: &Call<'_>) -> Result<&Record, Errors> {
        let id = plain(call.body.get("transaction_id"));
        if id.is_empty() {
            return Err(missing("transaction_id"));
        }
        id.parse().ok().and_then(|id| self.records.get(id)).ok_or_else(unknown_transaction)
    }

    fn amount(&self, call: &Call<'_>) -> Result<i64, Errors> {
        card::cents(call.body.get("amount"))
            .filter(|cents| *cents > 0)
            .ok_or_else(|| missing("amount"))
    }
}
