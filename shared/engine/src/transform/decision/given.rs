//! What flows see of a payment: PayTrace's statement, the facts, the merchant with what its environment
//! binds, and the time.

use std::collections::BTreeMap;

use domain::fact::Facts;
use domain::merchant::{ClosedPeriod, Merchant, NewCustomer, Unnamed};
use domain::money::Money;
use domain::transaction::{Kind, Payer, Status, Transaction};
use flows::run::{Expected, Given};
use flows::value::Value;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The names are those of the entities in the documents' schemas.
pub(super) fn given(
    transaction: &Transaction,
    facts: &Facts,
    merchant: &Merchant,
    bound: &BTreeMap<String, Value>,
    (now, released): (Timestamp, bool),
) -> BTreeMap<String, Value> {
    let zone = zone(merchant);
    let stated = facts.iter().map(|(name, value)| {
        let fact = Value::object([
            ("amount", amount(value.amount)),
            ("currency", value.amount.currency.code().into()),
            ("detail", text(&value.detail)),
            ("at", Value::Time(value.at)),
        ]);
        (name.name().to_owned(), fact)
    });
    let today = date(now, &zone);
    let run = Value::object([
        ("now", Value::Time(now)),
        ("today", Value::Date(today)),
        ("released", Value::Bool(released)),
    ]);
    BTreeMap::from([
        ("transaction".to_owned(), of_transaction(transaction, &zone)),
        ("facts".to_owned(), Value::Object(stated.collect())),
        ("merchant".to_owned(), of_merchant(merchant, bound)),
        ("company".to_owned(), Value::object([("id", merchant.company.as_str().into())])),
        ("run".to_owned(), run),
    ])
}

/// What no map may change, when this is the amount the flow is about.
pub(super) fn begin(
    values: &BTreeMap<String, Value>,
    transaction: &Transaction,
    amount: Money,
) -> Given {
    let mut values = values.clone();
    // What a flow is about is its fact's amount, whatever PayTrace states by now.
    if let Some(Value::Object(fields)) = values.get_mut("transaction") {
        fields.insert("amount".to_owned(), self::amount(amount));
    }
    let transaction = transaction.key.transaction.to_string();
    Given { values, expected: Expected { amount, transaction } }
}

/// The merchant's zone; its name was checked with the configuration.
pub(super) fn zone(merchant: &Merchant) -> TimeZone {
    TimeZone::get(&merchant.zone).unwrap_or(TimeZone::UTC)
}

pub(super) fn date(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

pub(super) fn amount(money: Money) -> Value {
    Value::Number(money.to_decimal())
}

/// Nothing is written as null, so that an expression can ask for it.
pub(super) fn text(text: &str) -> Value {
    if text.trim().is_empty() { Value::Null } else { text.into() }
}

fn of_transaction(transaction: &Transaction, zone: &TimeZone) -> Value {
    let kind = match transaction.kind {
        Kind::Sale => "sale",
        Kind::Authorization => "authorization",
        Kind::Refund => "refund",
        Kind::Other => "other",
    };
    let status = match transaction.status {
        Status::Pending => "pending",
        Status::Settled => "settled",
        Status::Authorized => "authorized",
        Status::Declined => "declined",
        Status::Voided => "voided",
        Status::Unknown => "unknown",
    };
    let day = |at| Value::Date(date(at, zone));
    let brand = transaction.brand.to_lowercase();
    Value::object([
        ("id", transaction.key.transaction.as_str().into()),
        ("merchant", transaction.key.merchant.as_str().into()),
        ("method", "card".into()),
        ("kind", kind.into()),
        ("status", status.into()),
        ("amount", amount(transaction.amount)),
        ("currency", transaction.amount.currency.code().into()),
        ("created", Value::Time(transaction.created)),
        ("created_on", day(transaction.created)),
        ("settled", transaction.settled.map_or(Value::Null, Value::Time)),
        ("settled_on", transaction.settled.map_or(Value::Null, day)),
        ("settlement_batch", text(transaction.settlement_batch.as_deref().unwrap_or_default())),
        ("invoice_id", transaction.invoice_id.as_str().into()),
        ("purchase_order", transaction.purchase_order.as_str().into()),
        ("description", transaction.description.as_str().into()),
        ("last4", transaction.last4.as_str().into()),
        ("brand", brand.as_str().into()),
        ("approval_code", transaction.approval_code.as_str().into()),
        ("customer_id", profile(&transaction.payer)),
        ("payer", of_payer(&transaction.payer)),
    ])
}

fn of_payer(payer: &Payer) -> Value {
    Value::object([
        ("profile", profile(payer)),
        ("name", payer.name.as_str().into()),
        ("email", payer.email.as_str().into()),
        ("street", payer.street.as_str().into()),
        ("city", payer.city.as_str().into()),
        ("state", payer.state.as_str().into()),
        ("zip", payer.zip.as_str().into()),
        ("country", payer.country.as_str().into()),
    ])
}

fn profile(payer: &Payer) -> Value {
    text(payer.profile.as_ref().map_or("", |profile| profile.as_str()))
}

/// What the configuration says of it; the environment's bindings add to that and replace nothing.
fn of_merchant(merchant: &Merchant, bound: &BTreeMap<String, Value>) -> Value {
    let codes = merchant.payment_codes.iter();
    let codes = codes.map(|(brand, code)| (brand.clone(), text(code))).collect();
    let unnamed = match merchant.unnamed {
        Unnamed::OldestDue => "oldest_due",
        Unnamed::OnAccount => "on_account",
    };
    let closed_period = match merchant.closed_period {
        ClosedPeriod::Roll => "roll",
        ClosedPeriod::Hold => "hold",
    };
    let new_customer = match &merchant.new_customer {
        NewCustomer::Hold => "hold",
        NewCustomer::Create { .. } => "create",
    };
    let fallback = merchant.fallback_customer.as_ref().map_or("", |number| number.as_str());
    let mut fields = bound.clone();
    // Nothing is bound by default, and documents may ask for an account that is not.
    fields.entry("accounts".to_owned()).or_insert_with(|| Value::object([]));
    for (name, value) in [
        ("id", merchant.id.as_str().into()),
        ("company", merchant.company.as_str().into()),
        ("currency", merchant.currency.code().into()),
        ("bank", text(&merchant.bank)),
        ("payment_codes", Value::Object(codes)),
        ("unnamed", unnamed.into()),
        ("closed_period", closed_period.into()),
        ("new_customer", new_customer.into()),
        ("fallback_customer", text(fallback)),
        ("zone", text(&merchant.zone)),
    ] {
        fields.insert(name.to_owned(), value);
    }
    Value::Object(fields)
}
