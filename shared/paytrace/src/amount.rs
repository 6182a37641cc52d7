use rust_decimal::Decimal;
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
use serde_json::Value;

/// Writes an amount as text, the form in PayTrace's own samples \[O\].
pub(crate) fn as_text<S: Serializer>(amount: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&amount.to_string())
}

/// Reads an amount from a number or text, digit by digit.
pub(crate) fn exact<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    let text = digits(Value::deserialize(from)?);
    let text = text.ok_or_else(|| D::Error::custom("an amount is neither number nor text"))?;
    Decimal::from_str_exact(&text).map_err(D::Error::custom)
}

/// Reads an id from a number or text; `null`, empty text and absence are `None`.
pub(crate) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    match digits(Value::deserialize(from)?) {
        Some(text) if !text.is_empty() => text.parse().map(Some).map_err(D::Error::custom),
        _ => Ok(None),
    }
}

/// Reads an id that must be there.
pub(crate) fn id_required<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    id(from)?.ok_or_else(|| D::Error::custom("an id is empty"))
}

/// Reads text, tolerating a number and `null`.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(digits(Value::deserialize(from)?).unwrap_or_default())
}

fn digits(value: Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}
