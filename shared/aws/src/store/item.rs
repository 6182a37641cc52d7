//! Reading and writing the attributes of an item.

use std::collections::BTreeMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::money::Money;
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::key::{Key, PK, SK};

/// An item that this version did not write, or that was changed by hand.
#[derive(Debug, Error)]
#[error("the item {pk} / {sk} has no readable attribute `{attribute}`")]
pub(super) struct Unreadable {
    pk: String,
    sk: String,
    attribute: String,
}

/// An item as stored: its attributes by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Item(BTreeMap<String, AttributeValue>);

impl Item {
    pub fn at(key: &Key) -> Self {
        Self::default().with(PK, text(&key.pk)).with(SK, text(&key.sk))
    }

    pub fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    pub fn with_some(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub fn key(&self) -> Fallible<Key> {
        Ok(Key { pk: self.text(PK)?, sk: self.text(SK)? })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn text(&self, name: &str) -> Fallible<String> {
        self.optional_text(name)?.ok_or_else(|| self.unreadable(name))
    }

    pub fn optional_text(&self, name: &str) -> Fallible<Option<String>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.unreadable(name)),
        }
    }

    pub fn number<T: FromStr>(&self, name: &str) -> Fallible<T> {
        self.optional_number(name)?.ok_or_else(|| self.unreadable(name))
    }

    pub fn optional_number<T: FromStr>(&self, name: &str) -> Fallible<Option<T>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => {
                digits.parse().map(Some).map_err(|_| self.unreadable(name))
            }
            Some(_) => Err(self.unreadable(name)),
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(AttributeValue::Bool(true)))
    }

    pub fn time(&self, name: &str) -> Fallible<Timestamp> {
        self.optional_time(name)?.ok_or_else(|| self.unreadable(name))
    }

    pub fn optional_time(&self, name: &str) -> Fallible<Option<Timestamp>> {
        let nanos: Option<i128> = self.optional_number(name)?;
        let at = nanos.map(Timestamp::from_nanosecond).transpose();
        at.map_err(|_| self.unreadable(name))
    }

    pub fn money(&self, minor: &str, currency: &str) -> Fallible<Money> {
        let code = self.text(currency)?.parse().map_err(|_| self.unreadable(currency))?;
        Ok(Money::new(self.number(minor)?, code))
    }

    /// One of the words serde knows the type by.
    pub fn word<T: DeserializeOwned>(&self, name: &str) -> Fallible<T> {
        let word = serde_json::Value::from(self.text(name)?);
        serde_json::from_value(word).map_err(|_| self.unreadable(name))
    }

    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Fallible<Option<T>> {
        let Some(text) = self.optional_text(name)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|_| self.unreadable(name))
    }

    pub fn texts(&self, name: &str) -> Fallible<Vec<String>> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(AttributeValue::Ss(texts)) => Ok(texts.clone()),
            Some(_) => Err(self.unreadable(name)),
        }
    }

    /// The items in a map attribute, by name.
    pub fn map(&self, name: &str) -> Fallible<BTreeMap<String, Self>> {
        let Some(value) = self.0.get(name) else { return Ok(BTreeMap::new()) };
        let AttributeValue::M(map) = value else { return Err(self.unreadable(name)) };
        let nested = map.iter().map(|(name, value)| match value {
            AttributeValue::M(inner) => {
                let attributes = inner.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
                Ok((name.clone(), Self(attributes)))
            }
            _ => Err(self.unreadable(name)),
        });
        nested.collect()
    }

    fn unreadable(&self, attribute: &str) -> Box<dyn std::error::Error + Send + Sync> {
        let shown = |name| match self.0.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            _ => String::new(),
        };
        let attribute = attribute.to_owned();
        Unreadable { pk: shown(PK), sk: shown(SK), attribute }.into()
    }
}

impl FromIterator<(String, AttributeValue)> for Item {
    fn from_iter<I: IntoIterator<Item = (String, AttributeValue)>>(attributes: I) -> Self {
        Self(attributes.into_iter().collect())
    }
}

impl IntoIterator for Item {
    type Item = (String, AttributeValue);
    type IntoIter = std::collections::btree_map::IntoIter<String, AttributeValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Nanoseconds since 1970, so that times compare as numbers and come back exactly.
pub(super) fn time(at: Timestamp) -> AttributeValue {
    number(at.as_nanosecond())
}

pub(super) fn set_of(texts: impl IntoIterator<Item = String>) -> AttributeValue {
    AttributeValue::Ss(texts.into_iter().collect())
}

pub(super) fn map_of(attributes: Item) -> AttributeValue {
    AttributeValue::M(attributes.into_iter().collect())
}

pub(super) fn json<T: Serialize>(value: &T) -> Fallible<AttributeValue> {
    Ok(AttributeValue::S(serde_json::to_string(value)?))
}

/// The word serde knows a value by.
pub(super) fn word<T: Serialize>(value: &T) -> Fallible<String> {
    Ok(serde_json::from_value(serde_json::to_value(value)?)?)
}

#[cfg(test)]
mod tests {
    use domain::effect::EffectState;
    use jiff::Timestamp;

    use super::{Item, json, number, text, time, word};

    #[test]
    fn what_is_written_is_read() {
        let at = Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap();
        let item = Item::default()
            .with("at", time(at))
            .with("n", number(-5))
            .with("state", text(&word(&EffectState::Ready).unwrap()))
            .with("list", json(&vec![1, 2]).unwrap());
        assert_eq!(item.time("at").unwrap(), at);
        assert_eq!(item.number::<i64>("n").unwrap(), -5);
        assert_eq!(item.word::<EffectState>("state").unwrap(), EffectState::Ready);
        assert_eq!(item.json::<Vec<u8>>("list").unwrap(), Some(vec![1, 2]));
        assert_eq!(item.json::<Vec<u8>>("none").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let item = Item::default().with("pk", text("PAY#m#1")).with("n", text("five"));
        let said = item.number::<i64>("n").unwrap_err().to_string();
        assert_eq!(said, "the item PAY#m#1 /  has no readable attribute `n`");
        assert!(item.number::<u8>("absent").is_err());
        assert!(item.word::<EffectState>("n").is_err());
        assert!(item.map("n").is_err());
    }
}
