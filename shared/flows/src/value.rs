//! What steps and expressions work on. Amounts are exact decimals; whether one is money, and in which
//! currency, is part of its field's type.

use std::collections::BTreeMap;

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
}
