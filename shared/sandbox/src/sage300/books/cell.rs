//! Values of a record's properties, read and written in stored form.

use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value};

use super::super::resource::Row;

/// The text of a property; empty when absent.
pub fn text<'r>(row: &'r Row, name: &str) -> &'r str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The text of a property, unless it is absent or empty.
pub fn filled<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    Some(text(row, name)).filter(|text| !text.is_empty())
}

pub fn amount(row: &Row, name: &str) -> Option<Decimal> {
    row.get(name).and_then(decimal)
}

/// The amount of a property, unless it is absent or zero.
pub fn nonzero(row: &Row, name: &str) -> Option<Decimal> {
    amount(row, name).filter(|amount| !amount.is_zero())
}

pub fn integer(row: &Row, name: &str) -> Option<i64> {
    row.get(name).and_then(Value::as_i64)
}

pub fn flag(row: &Row, name: &str) -> bool {
    match row.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "Yes",
        _ => false,
    }
}

pub fn date(row: &Row, name: &str) -> Option<Date> {
    day_of(text(row, name))
}

/// A date in stored form, or the plain day.
pub fn day_of(text: &str) -> Option<Date> {
    let day = text.split_once('T').map_or(text, |(day, _)| day);
    if day.len() == 10 { Date::from_str(day).ok() } else { None }
}

/// The lines of a nested collection.
pub fn lines<'r>(row: &'r Row, name: &str) -> impl Iterator<Item = &'r Row> {
    row.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The lines of a nested collection, to be changed.
pub fn lines_mut<'r>(row: &'r mut Row, name: &str) -> impl Iterator<Item = &'r mut Row> {
    let lines = row.get_mut(name).and_then(Value::as_array_mut);
    lines.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// The exact value of a JSON number, or of a text that is one.
pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => from_digits(number.as_str()),
        Value::String(text) => from_digits(text),
        _ => None,
    }
}

fn from_digits(digits: &str) -> Option<Decimal> {
    if digits.contains(['e', 'E']) {
        return Decimal::from_scientific(digits).ok();
    }
    Decimal::from_str_exact(digits).ok()
}

pub fn put(row: &mut Row, name: &str, value: impl Into<Value>) {
    row.insert(name.to_owned(), value.into());
}

/// The JSON number of exactly that value.
pub fn number(value: Decimal) -> Value {
    let value = if value.scale() > 2 { value.normalize() } else { value };
    Number::from_str(&value.to_string()).map_or(Value::Null, Value::Number)
}

pub fn day(date: Date) -> Value {
    Value::from(format!("{date}T00:00:00Z"))
}

pub fn day_or_null(date: Option<Date>) -> Value {
    date.map_or(Value::Null, day)
}

pub fn yes(flag: bool) -> Value {
    Value::from(if flag { "Yes" } else { "No" })
}

/// Rounded as the vendor rounds, half away from zero.
pub fn rounded(amount: Decimal, places: u32) -> Decimal {
    amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

/// For people and tests: two decimals at least.
pub fn plain(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    if amount.is_zero() { "0.00".into() } else { amount.to_string() }
}
