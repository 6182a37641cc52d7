//! Exports: transactions as PayTrace lists them [O].

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::card::{Card, plain};
use super::dispatch::{Answered, Call, PaytraceSim, missing};
use super::record::{Address, Kind, Record, Standing};
use super::reply::{head, masked, ok};
use super::sale::unknown_transaction;

impl PaytraceSim {
    pub(super) fn export_by_id(&self, call: &Call<'_>) -> Answered {
        let id = plain(call.body.get("transaction_id"));
        if id.is_empty() {
            return Err(missing("transaction_id"));
        }
        let record = id.parse().ok().and_then(|id| self.records.get(id));
        let record = record.ok_or_else(unknown_transaction)?;
        Ok(listed(vec![self.row(record, with_bin(call))]))
    }

    /// Days are local and inclusive; there are no pages in v1.
    pub(super) fn export_by_date_range(&self, call: &Call<'_>) -> Answered {
        let first = day(call, "start_date")?;
        let last = day(call, "end_date")?;
        let bin = with_bin(call);
        let wanted = Wanted::of(call);
        let rows = self.records.created_on(first, last).filter(|record| wanted.fits(record));
        Ok(listed(rows.map(|record| self.row(record, bin)).collect()))
    }

    pub(super) fn row(&self, record: &Record, bin: bool) -> Value {
        let (code, message) = status(record);
        let settled = record.settled.map(|at| self.records.printed(at)).unwrap_or_default();
        let (month, year) = record.expiration;
        let card = card(&Card { number: record.card.clone(), month, year }, bin);
        json!({
            "transaction_id": record.id,
            "credit_card": card,
            "transaction_type": record.kind.word(),
            "description": record.description,
            "amount": dollars(record.cents),
            "invoice_id": record.invoice_id,
            "shipping_address": address(&record.shipping, true),
            "billing_address": address(&record.billing, false),
            "receipt_emailed_to": record.email,
            "tax_amount": record.tax,
            "customer_reference_id": record.reference,
            "approval_code": record.approval_code,
            "approval_message": record.approval_message,
            "avs_response": record.avs,
            "csc_response": record.csc,
            "status_code": code,
            "status_message": message,
            "created": {"through": record.through, "at": self.records.printed(record.created),
                        "by": record.created_by, "from_ip": "203.0.113.4"},
            "settled": settled,
            "customer_id": record.customer_id,
        })
    }
}

/// The filters of a date-range export.
struct Wanted {
    id: String,
    kind: String,
    customer_id: String,
    by: String,
    text: String,
}

impl Wanted {
    fn of(call: &Call<'_>) -> Self {
        let text = |name: &str| plain(call.body.get(name));
        let created = call.body.get("created");
        Self {
            id: text("transaction_id"),
            kind: text("transaction_type").to_uppercase(),
            customer_id: text("customer_id"),
            by: match plain(created.and_then(|created| created.get("by"))) {
                by if by.is_empty() => text("user"),
                by => by,
            },
            text: text("including_text").to_lowercase(),
        }
    }

    fn fits(&self, record: &Record) -> bool {
        let kind = match self.kind.as_str() {
            "" => true,
            "SETTLED" => matches!(record.standing, Standing::Settled(_)),
            "PENDING" => record.standing == Standing::Pending,
            "DECLINED" => record.standing == Standing::Declined,
            "VOID" => record.standing == Standing::Voided,
            word => record.kind.word() == word,
        };
        kind && (self.id.is_empty() || self.id == record.id.to_string())
            && (self.customer_id.is_empty() || self.customer_id == record.customer_id)
            && (self.by.is_empty() || self.by == record.created_by)
            && (self.text.is_empty() || self.found_in(record))
    }

    fn found_in(&self, record: &Record) -> bool {
        let texts = [
            &record.invoice_id,
            &record.description,
            &record.reference,
            &record.billing.name,
            &record.email,
        ];
        texts.iter().any(|text| text.to_lowercase().contains(&self.text))
    }
}

/// `status_code` and `status_message` [O].
fn status(record: &Record) -> (String, String) {
    match record.standing {
        Standing::Pending => ("Y".into(), "Pending Settlement".into()),
        Standing::Settled(batch) => (format!("GB{batch}"), format!("GB{batch}")),
        Standing::Authorized => ("N".into(), "AUTHORIZATION ONLY".into()),
        Standing::Declined => ("N".into(), "DECLINED".into()),
        Standing::Voided => ("N".into(), "VOIDED".into()),
    }
}

pub(super) fn listed(rows: Vec<Value>) -> crate::sim::SimReply {
    let mut body = head(true, 1, "Your request has been successfully completed.");
    body.insert("transactions".into(), Value::Array(rows));
    body.insert("external_transaction_id".into(), json!(""));
    ok(body)
}

/// The mask, the month and the last two digits of the year; the first six digits when asked for.
pub(super) fn card(card: &Card, bin: bool) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("masked_number".into(), json!(masked(&card.number, '*')));
    row.insert("expiration_month".into(), json!(card.month));
    row.insert("expiration_year".into(), json!(card.year % 100));
    if bin {
        row.insert("bin".into(), json!(card.number.get(..6).unwrap_or_default()));
    }
    row
}

/// A JSON number without trailing zeros: `148.2`, `110`.
pub(super) fn dollars(cents: i64) -> Value {
    let text = rust_decimal::Decimal::new(cents, 2).normalize().to_string();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

pub(super) fn address(address: &Address, county: bool) -> Value {
    let mut row = Map::new();
    row.insert("name".into(), json!(address.name));
    row.insert("street_address".into(), json!(address.street));
    row.insert("street_address2".into(), json!(address.street2));
    row.insert("city".into(), json!(address.city));
    if county {
        row.insert("county".into(), json!(address.county));
    }
    row.insert("state".into(), json!(address.state));
    row.insert("zip".into(), json!(address.zip));
    let country = if address.country.is_empty() { "US" } else { &address.country };
    row.insert("country".into(), json!(country));
    Value::Object(row)
}

/// `MM/DD/YYYY`.
pub(super) fn day(call: &Call<'_>, name: &str) -> Result<Date, super::reply::Errors> {
    date_of(&plain(call.body.get(name))).ok_or_else(|| missing(name))
}

pub(super) fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.split('/').map(|part| part.parse::<i16>().ok());
    let (month, day, year) = (parts.next(), parts.next(), parts.next());
    match (month.flatten(), day.flatten(), year.flatten()) {
        (Some(month), Some(day), Some(year)) => {
            let small = |n: i16| i8::try_from(n).unwrap_or(0);
            Date::new(year, small(month), small(day)).ok()
        }
        _ => None,
    }
}

pub(super) fn with_bin(call: &Call<'_>) -> bool {
    matches!(plain(call.body.get("include_bin")).as_str(), "true" | "Y")
        || call.body.get("include_bin") == Some(&Value::Bool(true))
}

/// Sales and captures that were taken and not voided.
pub(super) fn is_captured(record: &Record) -> bool {
    record.kind != Kind::Refund
        && matches!(record.standing, Standing::Pending | Standing::Settled(_))
}
