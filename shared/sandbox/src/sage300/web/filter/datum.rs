//! One value in a comparison.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::super::resource::Row;
use super::super::super::schema::{Enumeration, Field, Kind};
use super::super::stored;

#[derive(Debug, Clone, PartialEq)]
pub enum Datum<'v> {
    Null,
    Text(Cow<'v, str>),
    Number(Decimal),
    Flag(bool),
    /// As stored: the texts order as the dates do.
    Date(Cow<'v, str>),
    /// A pick-list's member; members order by their stored value.
    Member {
        name: &'v str,
        rank: i64,
    },
}

impl Datum<'_> {
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

/// What a record says for a property.
#[must_use]
pub fn read<'v>(field: &'v Field, row: &'v Row) -> Datum<'v> {
    let value = row.get(&field.name).unwrap_or(&field.default);
    match (&field.kind, value) {
        (Kind::Text { .. }, Value::Null) => Datum::Text(Cow::Borrowed("")),
        (Kind::Enum(list), Value::String(name)) => member(list, name).unwrap_or(Datum::Null),
        (Kind::Date, Value::String(date)) => Datum::Date(Cow::Borrowed(date)),
        (_, Value::String(text)) => Datum::Text(Cow::Borrowed(text)),
        (_, Value::Number(number)) => stored::decimal(number).map_or(Datum::Null, Datum::Number),
        (_, Value::Bool(flag)) => Datum::Flag(*flag),
        _ => Datum::Null,
    }
}

/// The member of that name or stored value.
#[must_use]
pub fn member<'v>(list: &'v Enumeration, text: &str) -> Option<Datum<'v>> {
    let found = list.find(text)?;
    let place = || list.members.iter().position(|member| std::ptr::eq(member, found));
    let rank = match found.stored.parse() {
        Ok(stored) => stored,
        Err(_) => 1_000 + i64::try_from(place()?).ok()?,
    };
    Some(Datum::Member { name: &found.name, rank })
}

/// The order of two values of one type; nothing when either is null or the types differ.
#[must_use]
pub fn compare(left: &Datum<'_>, right: &Datum<'_>) -> Option<Ordering> {
    match (left, right) {
        (Datum::Text(a), Datum::Text(b)) | (Datum::Date(a), Datum::Date(b)) => Some(a.cmp(b)),
        (Datum::Number(a), Datum::Number(b)) => Some(a.cmp(b)),
        (Datum::Flag(a), Datum::Flag(b)) => Some(a.cmp(b)),
        (Datum::Member { rank: a, .. }, Datum::Member { rank: b, .. }) => Some(a.cmp(b)),
        _ => None,
    }
}
