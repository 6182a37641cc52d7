//! A company that only keeps records, to test the protocol with.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::resource::{Company, Key, Records, Row, SageError};

#[derive(Debug, Default)]
pub struct FakeCompany {
    pub rows: BTreeMap<String, Vec<Row>>,
    /// What each call was, in order.
    pub calls: RefCell<Vec<String>>,
    pub refuse_patch: bool,
}

impl FakeCompany {
    pub fn add(&mut self, resource: &str, row: Value) {
        let Value::Object(row) = row else { panic!("a row is an object") };
        self.rows.entry(resource.into()).or_default().push(row);
    }

    fn heard(&self, call: String) {
        self.calls.borrow_mut().push(call);
    }

    fn position(&self, resource: &str, key: &Key) -> Option<usize> {
        let same = |row: &Row| key.iter().all(|(name, value)| row.get(name) == Some(value));
        self.rows.get(resource)?.iter().position(same)
    }
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

impl Records for FakeCompany {
    fn list(&self, resource: &str, _: &Key) -> Vec<Row> {
        self.rows.get(resource).cloned().unwrap_or_default()
    }

    fn list_only(&self, resource: &str, near: &Key, wanted: &BTreeSet<&str>) -> Vec<Row> {
        let mut rows = self.list(resource, near);
        rows.iter_mut().for_each(|row| row.retain(|name, _| wanted.contains(name.as_str())));
        rows
    }

    fn list_from(
        &self,
        resource: &str,
        near: &Key,
        floor: &Key,
        wanted: &BTreeSet<&str>,
    ) -> Vec<Row> {
        let few = if wanted.len() < 9 { text(wanted) } else { "all".into() };
        self.heard(format!("{resource} {} from {} for {few}", text(near), text(floor)));
        self.list_only(resource, near, wanted)
    }

    fn get(&self, resource: &str, key: &Key) -> Option<Row> {
        let at = self.position(resource, key)?;
        self.rows.get(resource)?.get(at).cloned()
    }

    fn insert(&mut self, _: Timestamp, resource: &str, payload: &Row) -> Result<Row, SageError> {
        self.heard(format!("insert {resource} {}", text(payload)));
        self.rows.entry(resource.into()).or_default().push(payload.clone());
        Ok(payload.clone())
    }

    fn patch(
        &mut self,
        _: Timestamp,
        resource: &str,
        key: &Key,
        payload: &Row,
    ) -> Result<(), SageError> {
        self.heard(format!("patch {resource} {} {}", text(key), text(payload)));
        if self.refuse_patch {
            return Err(SageError::new(409, "RecordInvalid", "The period is locked."));
        }
        let at = self.position(resource, key).unwrap();
        self.rows.get_mut(resource).unwrap()[at].extend(payload.clone());
        Ok(())
    }

    fn put(
        &mut self,
        _: Timestamp,
        resource: &str,
        key: &Key,
        payload: &Row,
    ) -> Result<(), SageError> {
        self.heard(format!("put {resource} {} {}", text(key), text(payload)));
        Ok(())
    }

    fn delete(&mut self, _: Timestamp, resource: &str, key: &Key) -> Result<(), SageError> {
        self.heard(format!("delete {resource} {}", text(key)));
        let at = self.position(resource, key).unwrap();
        self.rows.get_mut(resource).unwrap().remove(at);
        Ok(())
    }

    fn process(&mut self, _: Timestamp, service: &str, payload: &Row) -> Result<(), SageError> {
        self.heard(format!("process {service} {}", text(payload)));
        Ok(())
    }
}

impl Company for FakeCompany {
    fn due(&mut self, _: Timestamp) {}

    fn state(&self) -> Value {
        json!(self.rows)
    }

    fn command(&mut self, _: Timestamp, command: &str, _: &Value) -> Result<Value, String> {
        Err(format!("no command {command}"))
    }
}
