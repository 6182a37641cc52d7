//! What steps and expressions work on. Amounts are exact decimals; whether one is money, and in which
//! currency, is part of its field's type.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Date(Date),
    Time(Timestamp),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// The value at `a.b.c`; null where something on the way is missing.
    #[must_use]
    pub fn at(&self, path: &str) -> &Self {
        static NULL: Value = Value::Null;
        path.split('.').fold(self, |value, name| match value {
            Self::Object(fields) => fields.get(name).unwrap_or(&NULL),
            _ => &NULL,
        })
    }

    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The text it is; `None` for anything else.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// How many fields or elements it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Object(fields) => fields.len(),
            Self::List(items) => items.len(),
            _ => 0,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An object of these fields.
    #[must_use]
    pub fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(fields.map(|(name, value)| (name.to_owned(), value)).into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

/// As people read it: text as it stands, numbers without an exponent, nothing for null.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => write!(f, "{date}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_path_and_read_by_people() {
        let line =
            Value::object([("document", "IN1".into()), ("amount", Decimal::new(510, 2).into())]);
        let value = Value::object([("lines", Value::List(vec![line])), ("none", Value::Null)]);
        assert_eq!(value.to_string(), "{lines: [{amount: 5.10, document: IN1}], none: }");
        assert_eq!(value.at("lines").list().len(), 1);
        assert!(value.at("lines.amount").is_null() && value.at("missing.too").is_null());
        assert_eq!(value.at("lines").list()[0].at("document").text(), Some("IN1"));
    }
}
