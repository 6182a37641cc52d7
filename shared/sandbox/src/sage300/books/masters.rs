//! Master records: tables of rows by key, changed by POST, PATCH, PUT and DELETE.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

use super::super::resource::{Key, Row};
use super::super::schema::{Shape, catalogue};
use super::cell::{day, filled, put, text};
use super::merge;
use super::refusal::{self, Outcome};

/// All master tables, by resource name and then by key.
#[derive(Debug, Clone, Default)]
pub struct Masters {
    tables: BTreeMap<String, BTreeMap<String, Row>>,
    /// Customers' keys by `Email`.
    by_email: BTreeMap<String, BTreeSet<String>>,
}

const CUSTOMERS: &str = "ARCustomers";

impl Masters {
    #[must_use]
    pub fn find(&self, resource: &str, key: &str) -> Option<&Row> {
        self.tables.get(resource)?.get(key)
    }

    /// To change anything but key and e-mail address.
    pub fn find_mut(&mut self, resource: &str, key: &str) -> Option<&mut Row> {
        self.tables.get_mut(resource)?.get_mut(key)
    }

    pub fn rows(&self, resource: &str) -> impl Iterator<Item = &Row> {
        self.tables.get(resource).into_iter().flat_map(BTreeMap::values)
    }

    /// The records that those equalities may mean: one at most when the whole key is given, and
    /// customers of one e-mail address.
    pub fn near<'m>(
        &'m self,
        resource: &str,
        near: &Key,
    ) -> Box<dyn Iterator<Item = &'m Row> + 'm> {
        if let Some(key) = catalogue().resource(resource).and_then(|r| key_of(&r.shape, near)) {
            return Box::new(self.find(resource, &key).into_iter());
        }
        let email = near.get("Email").and_then(Value::as_str).filter(|email| !email.is_empty());
        match email {
            Some(email) if resource == CUSTOMERS => {
                let keys = self.by_email.get(email).into_iter().flatten();
                Box::new(keys.filter_map(|key| self.find(CUSTOMERS, key)))
            }
            _ => Box::new(self.tables.get(resource).into_iter().flat_map(BTreeMap::values)),
        }
    }

    /// Stores a record as it is.
    pub fn store(&mut self, resource: &str, row: Row) {
        let Some(shape) = catalogue().resource(resource).map(|r| &r.shape) else { return };
        let Some(key) = key_of(shape, &row) else { return };
        self.forget_email(resource, &key);
        if resource == CUSTOMERS
            && let Some(email) = filled(&row, "Email")
        {
            self.by_email.entry(email.to_owned()).or_default().insert(key.clone());
        }
        self.tables.entry(resource.to_owned()).or_default().insert(key, row);
    }

    fn forget_email(&mut self, resource: &str, key: &str) {
        if resource != CUSTOMERS {
            return;
        }
        let email = self.find(CUSTOMERS, key).map(|row| text(row, "Email").to_owned());
        if let Some(keys) = email.and_then(|email| self.by_email.get_mut(&email)) {
            keys.remove(key);
        }
    }

    /// A new record of the payload, not stored yet.
    ///
    /// # Errors
    /// When its key is empty or taken.
    pub fn drafted(&self, resource: &str, payload: &Row, today: Date) -> Outcome<Row> {
        let shape = shape_of(resource)?;
        let mut row = Row::new();
        merge::apply(shape, &mut row, payload)?;
        let blank = shape.keys().find(|key| text(&row, &key.name).is_empty() && key.default == "");
        if let Some(key) = blank {
            return Err(refusal::field(format!("{} cannot be blank.", key.name)));
        }
        for key in shape.keys() {
            row.entry(&key.name).or_insert_with(|| key.default.clone());
        }
        let key = key_of(shape, &row).unwrap_or_default();
        if self.find(resource, &key).is_some() {
            return Err(refusal::duplicate("Record already exists."));
        }
        touched(shape, &mut row, today);
        Ok(row)
    }

    /// The record as it will be after a PATCH, not stored yet.
    ///
    /// # Errors
    /// When there is no such record, or no such detail.
    pub fn patched(&self, resource: &str, key: &Key, payload: &Row, today: Date) -> Outcome<Row> {
        let shape = shape_of(resource)?;
        let mut row = self.stored(resource, key)?.clone();
        merge::apply(shape, &mut row, payload)?;
        row.extend(key.iter().map(|(name, value)| (name.clone(), value.clone())));
        touched(shape, &mut row, today);
        Ok(row)
    }

    /// The record as it will be after a PUT, which keeps only the fields sent and the key.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn replaced(&self, resource: &str, key: &Key, payload: &Row, today: Date) -> Outcome<Row> {
        let shape = shape_of(resource)?;
        self.stored(resource, key)?;
        let mut row: Row = key.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut payload = payload.clone();
        payload.retain(|name, _| !key.contains_key(name));
        merge::apply(shape, &mut row, &payload)?;
        touched(shape, &mut row, today);
        Ok(row)
    }

    /// # Errors
    /// When there is no such record.
    pub fn remove(&mut self, resource: &str, key: &Key) -> Outcome<()> {
        let key = key_of(shape_of(resource)?, key).ok_or_else(refusal::not_found)?;
        self.forget_email(resource, &key);
        let table = self.tables.get_mut(resource).ok_or_else(refusal::not_found)?;
        table.remove(&key).map(|_| ()).ok_or_else(refusal::not_found)
    }

    fn stored(&self, resource: &str, key: &Key) -> Outcome<&Row> {
        let key = key_of(shape_of(resource)?, key).ok_or_else(refusal::not_found)?;
        self.find(resource, &key).ok_or_else(refusal::not_found)
    }
}

/// What a key or a record is a mapping of.
pub trait Named {
    fn value(&self, name: &str) -> Option<&Value>;
}

impl Named for Row {
    fn value(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

impl Named for Key {
    fn value(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

/// The key as one text that orders as the parts do.
#[must_use]
pub fn key_of(shape: &Shape, named: &impl Named) -> Option<String> {
    let mut whole = String::new();
    for (place, key) in shape.keys().enumerate() {
        if place > 0 {
            whole.push('\u{1}');
        }
        match named.value(&key.name)? {
            Value::String(text) => whole.push_str(text),
            Value::Number(number) => whole.push_str(&format!("{:0>10}", number.as_str())),
            _ => return None,
        }
    }
    Some(whole)
}

/// # Errors
/// When there is no such resource.
pub fn shape_of(resource: &str) -> Outcome<&'static Shape> {
    let found = catalogue().resource(resource).map(|r| &*r.shape);
    found.ok_or_else(|| refusal::not_allowed(resource))
}

fn touched(shape: &Shape, row: &mut Row, today: Date) {
    if shape.field("DateLastMaintained").is_some() {
        put(row, "DateLastMaintained", day(today));
    }
    merge::hand_down(shape, row);
}
