//! The body of a request, checked against the schema and brought into stored form.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value};

use super::super::resource::Row;
use super::super::schema::{Field, Kind, Shape};
use super::refusal::{self, Outcome};
use super::stored;

/// Reads a record. The properties keep the order in which they were sent: it is the order in which
/// they are applied. [O]
///
/// # Errors
/// `InvalidPayload` for what does not fit the model, `FieldInvalid` for values too large for their
/// field.
pub fn read(body: &[u8], shape: &Shape) -> Outcome<Row> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(row)) => record(row, shape),
        Ok(_) => Err(refusal::invalid_payload("The payload is not a JSON object.")),
        Err(why) => Err(refusal::invalid_payload(format!("The payload is not JSON: {why}."))),
    }
}

/// What the server says of details and takes back without effect. [C]
const NOISE: [&str; 9] = [
    "Warnings",
    "ETag",
    "IsDeleted",
    "IsNewLine",
    "HasChanged",
    "DisplayIndex",
    "ChangeSequence",
    "PreviousKey",
    "IsSelected",
];

fn record(row: Row, shape: &Shape) -> Outcome<Row> {
    let mut kept = Row::with_capacity(row.len());
    for (name, value) in row {
        if NOISE.contains(&name.as_str()) || name.contains("@odata.") {
            continue;
        }
        let Some(field) = shape.field(&name) else {
            return Err(refusal::invalid_payload(format!(
                "The property '{name}' does not exist on type '{}'.",
                shape.name
            )));
        };
        let value = property(field, value)?;
        kept.insert(name, value);
    }
    Ok(kept)
}

fn property(field: &Field, value: Value) -> Outcome<Value> {
    let unfit = || {
        refusal::invalid_payload(format!("The value of '{}' does not fit its type.", field.name))
    };
    match (&field.kind, value) {
        (Kind::Text { length, upper }, Value::String(given)) => {
            let text = stored::text(&given, *upper);
            if text.chars().count() > *length {
                return Err(refusal::field_invalid(format!(
                    "{} is too long.\nEnter no more than {length} characters.",
                    field.name
                )));
            }
            Ok(Value::from(text))
        }
        (Kind::Text { .. }, Value::Null) => Ok(Value::from("")),
        (Kind::Decimal { places }, Value::Number(given)) => {
            let value = stored::decimal(&given).ok_or_else(unfit)?;
            amount(field, value, *places, given)
        }
        (Kind::Int, Value::Number(given)) => integer(field, &given, i64::from(i16::MAX)),
        (Kind::Long, Value::Number(given)) => integer(field, &given, i64::from(i32::MAX)),
        (Kind::Bool, Value::Bool(flag)) => Ok(Value::from(flag)),
        (Kind::Date, Value::Null) => Ok(Value::Null),
        (Kind::Date, Value::String(given)) => {
            stored::date(&given).map(Value::from).ok_or_else(unfit)
        }
        (Kind::Enum(list), Value::String(given)) => {
            list.find(&given).map(|m| Value::from(m.name.as_str())).ok_or_else(unfit)
        }
        (Kind::Enum(list), Value::Number(given)) => {
            list.find(given.as_str()).map(|m| Value::from(m.name.as_str())).ok_or_else(unfit)
        }
        (Kind::Many(_), Value::Null) => Ok(Value::Array(Vec::new())),
        (Kind::Many(shape), Value::Array(lines)) => {
            let line = |line| match line {
                Value::Object(row) => record(row, shape).map(Value::Object),
                _ => Err(unfit()),
            };
            lines.into_iter().map(line).collect::<Outcome<Vec<_>>>().map(Value::Array)
        }
        _ => Err(unfit()),
    }
}

/// Packed decimals keep a fixed number of decimals and at most 16 integer digits. [V]
fn amount(field: &Field, value: Decimal, places: u32, given: Number) -> Outcome<Value> {
    if value.abs() >= Decimal::from(10_000_000_000_000_000_i64) {
        return Err(refusal::field_invalid(format!("{} is too large.", field.name)));
    }
    if value.scale() > places || given.as_str().contains(['e', 'E']) {
        let kept = value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        return Ok(stored::number(kept));
    }
    Ok(Value::Number(given))
}

fn integer(field: &Field, given: &Number, greatest: i64) -> Outcome<Value> {
    let Some(value) = given.as_i64() else {
        let text = format!("The value of '{}' is no integer.", field.name);
        return Err(refusal::invalid_payload(text));
    };
    if value > greatest || value < -greatest - 1 {
        return Err(refusal::field_invalid(format!("{} is out of range.", field.name)));
    }
    Ok(Value::from(value))
}
