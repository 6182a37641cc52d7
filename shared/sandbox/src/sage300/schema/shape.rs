//! What a record is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::resource::Row;

/// A record type: the properties in the order in which the Web API writes them.
#[derive(Debug)]
pub struct Shape {
    pub name: String,
    pub fields: Vec<Field>,
    positions: BTreeMap<String, usize>,
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    pub key: bool,
    /// Computed by the business layer: what a payload says about it has no effect.
    pub read_only: bool,
    /// What a record has when nobody said anything.
    pub default: Value,
}

#[derive(Debug, Clone)]
pub enum Kind {
    /// At most `length` characters; `upper` marks a code, stored in upper case.
    Text {
        length: usize,
        upper: bool,
    },
    Decimal {
        places: u32,
    },
    /// Int16 in the business layer.
    Int,
    /// Int32 in the business layer.
    Long,
    Bool,
    Date,
    Enum(Arc<Enumeration>),
    /// A nested collection, given inline.
    Many(Arc<Shape>),
}

/// A pick-list.
#[derive(Debug)]
pub struct Enumeration {
    pub name: String,
    pub members: Vec<Member>,
}

#[derive(Debug)]
pub struct Member {
    pub name: String,
    /// The value in the table, as text.
    pub stored: String,
}

impl Enumeration {
    /// The member of that name or stored value, with its rank for ordering.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&Member> {
        self.members
            .iter()
            .find(|member| member.name == text)
            .or_else(|| self.members.iter().find(|member| member.stored == text))
    }
}

impl Shape {
    #[must_use]
    pub fn new(name: String, fields: Vec<Field>) -> Self {
        let positions =
            fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect();
        Self { name, fields, positions }
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(*self.positions.get(name)?)
    }

    /// The key properties, in the order an unnamed key must follow.
    pub fn keys(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.key)
    }

    #[must_use]
    pub fn has_collections(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::Many(_)))
    }

    /// What `$template` answers.
    #[must_use]
    pub fn default_row(&self) -> Row {
        self.fields.iter().map(|field| (field.name.clone(), field.default.clone())).collect()
    }

    /// The record as the server writes it: every property, in declared order.
    #[must_use]
    pub fn complete(&self, mut row: Row) -> Row {
        let mut whole = Row::with_capacity(self.fields.len());
        for field in &self.fields {
            whole.insert(field.name.clone(), field.take(&mut row));
        }
        whole.extend(row);
        whole
    }

    /// The record cut down to the chosen properties.
    #[must_use]
    pub fn choose(&self, mut row: Row, chosen: &[&Field]) -> Row {
        chosen.iter().map(|field| (field.name.clone(), field.take(&mut row))).collect()
    }
}

impl Field {
    fn take(&self, row: &mut Row) -> Value {
        match (&self.kind, row.swap_remove(&self.name)) {
            (_, None) => self.default.clone(),
            (Kind::Many(shape), Some(Value::Array(lines))) => {
                lines.into_iter().map(|line| shape.complete_line(line)).collect()
            }
            (_, Some(value)) => value,
        }
    }
}

impl Shape {
    fn complete_line(&self, line: Value) -> Value {
        match line {
            Value::Object(row) => Value::Object(self.complete(row)),
            other => other,
        }
    }
}
