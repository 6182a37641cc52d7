//! Recurrences: PayTrace charges a profile by itself, at half past midnight, and tells nobody.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde_json::{Map, Value, json};

use super::card::{self, plain};
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::export::{date_of, dollars};
use super::record::{Kind, Record, Standing};
use super::reply::{self, Errors, head, ok};
use super::vault::Profile;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recurrence {
    pub id: i64,
    pub customer_id: String,
    pub cents: i64,
    pub frequency: String,
    /// From where the dates are counted, so that the 31st comes back after a short month.
    pub start: Date,
    pub counted: u32,
    pub next: Date,
    pub total: u32,
    pub done: u32,
    pub description: String,
    /// Whether the customer is sent a receipt.
    pub receipt: bool,
    /// Authorizes only, instead of selling.
    pub authorization: bool,
    pub last_approved: Option<i64>,
}

#[derive(Default)]
pub struct Recurrences {
    by_id: BTreeMap<i64, Recurrence>,
}

/// `total_count` of a recurrence without end [O].
const ENDLESS: u32 = 999;
const FIRST_ID: i64 = 77_120;
/// Hour and minute at which PayTrace charges, local [O].
const RUN_AT: (i8, i8) = (0, 30);

impl Recurrence {
    /// Takes what is given of it.
    fn take(&mut self, given: &Value) -> Result<(), Errors> {
        let text = |name: &str| Some(plain(given.get(name))).filter(|text| !text.is_empty());
        if given.get("amount").is_some() {
            let cents = card::cents(given.get("amount")).filter(|cents| *cents > 0);
            self.cents = cents.ok_or_else(|| missing("amount"))?;
        }
        if let Some(frequency) = text("frequency").map(|text| text.to_uppercase()) {
            step(&frequency).ok_or_else(|| missing("frequency"))?;
            (self.frequency, self.start, self.counted) = (frequency, self.next, 0);
        }
        for name in ["start_date", "next_date"] {
            if let Some(date) = text(name) {
                self.next = date_of(&date).ok_or_else(|| missing(name))?;
                (self.start, self.counted) = (self.next, 0);
            }
        }
        if let Some(total) = text("total_count") {
            self.total = total.parse().map_err(|_| missing("total_count"))?;
        }
        if let Some(description) = text("description") {
            self.description = description;
        }
        if let Some(receipt) = given.get("customer_receipt") {
            let word = plain(Some(receipt)).to_uppercase();
            self.receipt = *receipt == Value::Bool(true) || matches!(word.as_str(), "Y" | "TRUE");
        }
        if let Some(kind) = text("transaction_type") {
            self.authorization = match kind.to_uppercase().as_str() {
                "SALE" => false,
                "AUTHORIZATION" => true,
                _ => return Err(missing("transaction_type")),
            };
        }
        Ok(())
    }

    /// Nothing is charged for days gone by.
    fn skip_to(&mut self, first: Date) {
        while self.next < first {
            self.step();
        }
    }

    fn step(&mut self) {
        self.counted = self.counted.saturating_add(1);
        self.next = following(self);
    }
}

impl Recurrences {
    pub fn state(&self) -> Value {
        Value::Array(self.by_id.values().map(row).collect())
    }
}

impl PaytraceSim {
    pub(super) fn recurrence(&mut self, call: &Call<'_>, path: &str) -> Answered {
        match path {
            "create" => self.recurrence_create(call),
            "update" => self.recurrence_update(call),
            "delete" => {
                let id = self.named_recurrence(call)?;
                self.recurrences.by_id.remove(&id);
                Ok(told(152, "The recurring transaction was successfully deleted.", id))
            }
            "export_approved" | "export_scheduled" => {
                let customer = plain(call.body.get("customer_id"));
                let rows = self.recurrences.by_id.values().filter(|one| {
                    (customer.is_empty() || one.customer_id == customer)
                        && (path == "export_scheduled" || one.last_approved.is_some())
                });
                let rows: Vec<Value> = rows.map(row).collect();
                let mut body = head(true, 155, "Your request has been successfully completed.");
                body.insert("recurrences".into(), Value::Array(rows));
                Ok(ok(body))
            }
            _ => Ok(reply::page_not_found()),
        }
    }

    fn recurrence_create(&mut self, call: &Call<'_>) -> Answered {
        let customer_id = plain(call.body.get("customer_id"));
        self.vault.get(&customer_id)?.charged()?;
        let given = call.body.get("recurrence").cloned().unwrap_or(Value::Null);
        for name in ["amount", "frequency", "start_date", "total_count"] {
            if plain(given.get(name)).is_empty() {
                return Err(missing(name));
            }
        }
        let last = self.recurrences.by_id.last_key_value().map_or(FIRST_ID - 1, |(id, _)| *id);
        let id = last.saturating_add(1);
        let mut one = Recurrence { id, customer_id, ..Recurrence::default() };
        one.take(&given)?;
        one.skip_to(self.next_run(call.now));
        self.recurrences.by_id.insert(id, one);
        Ok(told(150, "The recurring transaction was successfully created.", id))
    }

    /// Changes what is given and leaves the rest; a fault changes nothing.
    fn recurrence_update(&mut self, call: &Call<'_>) -> Answered {
        let id = self.named_recurrence(call)?;
        let given = call.body.get("recurrence").cloned().unwrap_or(Value::Null);
        let mut one = self.recurrences.by_id.get(&id).ok_or_else(unknown)?.clone();
        one.take(&given)?;
        one.skip_to(self.next_run(call.now));
        self.recurrences.by_id.insert(id, one);
        Ok(told(151, "The recurring transaction was successfully updated.", id))
    }

    /// The first day whose half past midnight is still to come.
    fn next_run(&self, now: Timestamp) -> Date {
        let today = self.records.local(now).date();
        match self.records.at_local(today, RUN_AT) {
            Some(at) if at > now => today,
            _ => today.tomorrow().unwrap_or(Date::MAX),
        }
    }

    fn named_recurrence(&self, call: &Call<'_>) -> Result<i64, Errors> {
        let given = call.body.get("recurrence").and_then(|given| given.get("id"));
        let id = plain(given).parse().map_err(|_| missing("recurrence id"))?;
        self.recurrences.by_id.contains_key(&id).then_some(id).ok_or_else(unknown)
    }

    /// Every run whose half past midnight has come.
    pub(super) fn run_recurrences(&mut self, now: Timestamp) {
        loop {
            let due = self.recurrences.by_id.values().filter_map(|one| {
                let over = one.total != ENDLESS && one.done >= one.total;
                let at = self.records.at_local(one.next, RUN_AT)?;
                (!over && at <= now).then_some((at, one.id))
            });
            let Some((at, id)) = due.min() else { return };
            self.run(at, id);
        }
    }

    fn run(&mut self, at: Timestamp, id: i64) {
        let Some(one) = self.recurrences.by_id.get(&id).cloned() else { return };
        let profile = self.vault.get(&one.customer_id).ok().cloned();
        let approved = profile.and_then(|profile| self.charge(at, &one, profile));
        if let Some(stored) = self.recurrences.by_id.get_mut(&id) {
            stored.done = stored.done.saturating_add(1);
            stored.last_approved = approved.or(stored.last_approved);
            stored.step();
        }
    }

    /// An ordinary transaction, which the duplicate and address rules do not apply to [O]; its id
    /// when approved.
    fn charge(&mut self, at: Timestamp, one: &Recurrence, profile: Profile) -> Option<i64> {
        let Profile { card, billing, shipping, email, .. } = profile;
        let card = card?;
        let sale = !one.authorization;
        let answer = card::ask(&card, one.cents, &billing, "", sale);
        let (kind, open) = match sale {
            true => (Kind::Sale, Standing::Pending),
            false => (Kind::Authorization, Standing::Authorized),
        };
        let id = self.records.next_id();
        let approval_code =
            if answer.approved { self.records.next_approval() } else { String::new() };
        self.records.put(Record {
            id,
            kind,
            standing: if answer.approved { open } else { Standing::Declined },
            cents: one.cents,
            refunded: 0,
            refund_of: None,
            card: card.number,
            expiration: (card.month, card.year),
            billing,
            shipping,
            invoice_id: String::new(),
            description: one.description.clone(),
            reference: String::new(),
            tax: "0.00".into(),
            email: if one.receipt { email } else { String::new() },
            customer_id: one.customer_id.clone(),
            approval_code,
            approval_message: answer.message,
            avs: answer.avs,
            csc: answer.csc,
            created: at,
            created_by: "recurring".into(),
            through: "Recurring",
            settled: None,
        });
        answer.approved.then_some(id)
    }
}

fn following(one: &Recurrence) -> Date {
    if one.frequency == "7" {
        let first = one.next.first_of_month();
        let middle = first.checked_add(Span::new().days(14)).unwrap_or(one.next);
        let next_month = first.checked_add(Span::new().months(1)).unwrap_or(one.next);
        return if one.next < middle { middle } else { next_month };
    }
    let step = step(&one.frequency).unwrap_or_else(|| Span::new().days(1));
    let span = step.checked_mul(i64::from(one.counted));
    span.ok().and_then(|span| one.start.checked_add(span).ok()).unwrap_or(Date::MAX)
}

/// What a frequency code means [O]; `7` is the 1st and 15th.
fn step(frequency: &str) -> Option<Span> {
    Some(match frequency {
        "1" => Span::new().years(1),
        "8" => Span::new().months(6),
        "A" => Span::new().months(4),
        "2" => Span::new().months(3),
        "9" => Span::new().months(2),
        "3" => Span::new().months(1),
        "4" => Span::new().weeks(2),
        "5" => Span::new().weeks(1),
        "6" => Span::new().days(1),
        "7" => Span::new().days(14),
        _ => return None,
    })
}

fn row(one: &Recurrence) -> Value {
    let next = format!("{:02}/{:02}/{}", one.next.month(), one.next.day(), one.next.year());
    json!({"id": one.id, "amount": dollars(one.cents), "customer_id": one.customer_id,
           "next_date": next, "total_count": one.total, "current_count": one.done,
           "frequency": one.frequency, "description": one.description,
           "last_transaction_id": one.last_approved})
}

fn told(code: u32, message: &str, id: i64) -> crate::sim::SimReply {
    let mut body: Map<String, Value> = head(true, code, message);
    body.insert("recurrence".into(), json!({ "id": id }));
    ok(body)
}

fn unknown() -> Errors {
    Errors::one(1, "Please provide a valid recurrence ID.")
}
