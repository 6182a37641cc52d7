//! Conditions and changes as DynamoDB reads them. Every name and value goes through a placeholder,
//! so that no reserved word and nothing a sender wrote is ever part of an expression.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Item, number};
use super::key::{Key, PK};

/// What must hold of the item for a write to happen. A path may lead into maps: `attempts.3.at`.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Absent(String),
    Present(String),
    Is(String, AttributeValue),
    Below(String, AttributeValue),
    OneOf(String, Vec<AttributeValue>),
    /// The map has so many entries.
    SizeIs(String, usize),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Condition {
    /// There is no such item.
    pub fn new_item() -> Self {
        Self::Absent(PK.to_owned())
    }

    pub fn existing_item() -> Self {
        Self::Present(PK.to_owned())
    }

    pub fn absent(path: &str) -> Self {
        Self::Absent(path.to_owned())
    }

    pub fn present(path: &str) -> Self {
        Self::Present(path.to_owned())
    }

    pub fn is(path: &str, value: AttributeValue) -> Self {
        Self::Is(path.to_owned(), value)
    }

    pub fn below(path: &str, value: AttributeValue) -> Self {
        Self::Below(path.to_owned(), value)
    }
}

/// A change of one item, under a condition.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub key: Key,
    require: Condition,
    set: Vec<(String, AttributeValue)>,
    set_if_absent: Vec<(String, AttributeValue)>,
    remove: Vec<String>,
    add: Vec<(String, AttributeValue)>,
    delete: Vec<(String, AttributeValue)>,
}

impl Change {
    /// Changes nothing yet, and requires nothing.
    pub fn of(key: Key) -> Self {
        Self {
            key,
            require: Condition::All(Vec::new()),
            set: Vec::new(),
            set_if_absent: Vec::new(),
            remove: Vec::new(),
            add: Vec::new(),
            delete: Vec::new(),
        }
    }

    pub fn require(mut self, condition: Condition) -> Self {
        self.require = match self.require {
            Condition::All(mut all) => {
                all.push(condition);
                Condition::All(all)
            }
            other => Condition::All(vec![other, condition]),
        };
        self
    }

    pub fn set(mut self, path: &str, value: AttributeValue) -> Self {
        self.set.push((path.to_owned(), value));
        self
    }

    pub fn set_if_absent(mut self, path: &str, value: AttributeValue) -> Self {
        self.set_if_absent.push((path.to_owned(), value));
        self
    }

    pub fn remove(mut self, path: &str) -> Self {
        self.remove.push(path.to_owned());
        self
    }

    /// Adds to a number, or members to a set.
    pub fn add(mut self, name: &str, value: AttributeValue) -> Self {
        self.add.push((name.to_owned(), value));
        self
    }

    pub fn add_one(self, name: &str) -> Self {
        self.add(name, number(1))
    }

    /// Takes members from a set.
    pub fn delete(mut self, name: &str, members: AttributeValue) -> Self {
        self.delete.push((name.to_owned(), members));
        self
    }

    pub fn rendered(&self) -> Rendered {
        let mut to = Rendered::default();
        let mut sets: Vec<String> = Vec::new();
        for (path, value) in &self.set {
            sets.push(format!("{} = {}", to.path(path), to.value(value)));
        }
        for (path, value) in &self.set_if_absent {
            let path = to.path(path);
            sets.push(format!("{path} = if_not_exists({path}, {})", to.value(value)));
        }
        let removes: Vec<String> = self.remove.iter().map(|path| to.path(path)).collect();
        let adds = to.pairs(&self.add);
        let deletes = to.pairs(&self.delete);
        let clauses = [("SET", sets), ("REMOVE", removes), ("ADD", adds), ("DELETE", deletes)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<String> =
            clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect();
        to.update = clauses.join(" ");
        to.condition = to.condition_of(&self.require);
        to
    }
}

/// A whole item to be put, under a condition.
#[derive(Debug, Clone)]
pub(super) struct Put {
    pub item: Item,
    require: Condition,
}

impl Put {
    pub fn new(item: Item, require: Condition) -> Self {
        Self { item, require }
    }

    pub fn rendered(&self) -> Rendered {
        let mut to = Rendered::default();
        to.condition = to.condition_of(&self.require);
        to
    }
}

#[derive(Debug, Clone)]
pub(super) enum Write {
    Put(Put),
    Change(Change),
}

/// Expressions with their placeholders.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rendered {
    pub update: String,
    pub condition: Option<String>,
    names: BTreeMap<String, String>,
    values: Vec<AttributeValue>,
}

impl Rendered {
    /// Placeholder and name.
    pub fn names(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.names.iter().map(|(name, placeholder)| (placeholder.clone(), name.clone()))
    }

    /// Placeholder and value.
    pub fn values(&self) -> impl Iterator<Item = (String, AttributeValue)> + '_ {
        let numbered = self.values.iter().enumerate();
        numbered.map(|(number, value)| (format!(":v{number}"), value.clone()))
    }

    fn path(&mut self, path: &str) -> String {
        let segments: Vec<String> = path.split('.').map(|segment| self.name(segment)).collect();
        segments.join(".")
    }

    fn name(&mut self, name: &str) -> String {
        let next = format!("#n{}", self.names.len());
        self.names.entry(name.to_owned()).or_insert(next).clone()
    }

    fn value(&mut self, value: &AttributeValue) -> String {
        self.values.push(value.clone());
        format!(":v{}", self.values.len().saturating_sub(1))
    }

    fn pairs(&mut self, pairs: &[(String, AttributeValue)]) -> Vec<String> {
        let rendered = pairs.iter();
        rendered.map(|(name, value)| format!("{} {}", self.path(name), self.value(value))).collect()
    }

    /// `None` where nothing is required.
    fn condition_of(&mut self, condition: &Condition) -> Option<String> {
        match condition {
            Condition::Absent(path) => Some(format!("attribute_not_exists({})", self.path(path))),
            Condition::Present(path) => Some(format!("attribute_exists({})", self.path(path))),
            Condition::Is(path, value) => {
                Some(format!("{} = {}", self.path(path), self.value(value)))
            }
            Condition::Below(path, value) => {
                Some(format!("{} < {}", self.path(path), self.value(value)))
            }
            Condition::OneOf(path, values) => {
                let path = self.path(path);
                let values: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                Some(format!("{path} IN ({})", values.join(", ")))
            }
            Condition::SizeIs(path, size) => {
                Some(format!("size({}) = {}", self.path(path), self.value(&number(size))))
            }
            Condition::All(all) => self.joined(all, " AND "),
            Condition::Any(any) => self.joined(any, " OR "),
        }
    }

    fn joined(&mut self, conditions: &[Condition], with: &str) -> Option<String> {
        let parts: Vec<String> =
            conditions.iter().filter_map(|condition| self.condition_of(condition)).collect();
        match parts.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(format!("({})", parts.join(with))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::item::{number, text};
    use super::super::key::Key;
    use super::{Change, Condition};

    #[test]
    fn a_change_is_rendered_with_placeholders_only() {
        let change = Change::of(Key { pk: "p".to_owned(), sk: "s".to_owned() })
            .require(Condition::is("st", text("READY")))
            .require(Condition::Any(vec![
                Condition::absent("owner"),
                Condition::below("lease.until", number(5)),
            ]))
            .set("st", text("HELD"))
            .set_if_absent("since", number(7))
            .remove("man")
            .add_one("gen");
        let rendered = change.rendered();
        assert_eq!(
            rendered.update,
            "SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1) REMOVE #n2 ADD #n3 :v2"
        );
        assert_eq!(
            rendered.condition.as_deref(),
            Some("(#n0 = :v3 AND (attribute_not_exists(#n4) OR #n5.#n6 < :v4))")
        );
        let names: Vec<(String, String)> = rendered.names().collect();
        assert!(names.contains(&("#n5".to_owned(), "lease".to_owned())), "{names:?}");
        let values: Vec<_> = rendered.values().map(|(_, value)| value).collect();
        assert_eq!(values[2..], [number(1), text("READY"), number(5)]);
    }

    #[test]
    fn nothing_required_is_no_condition() {
        let change = Change::of(Key { pk: "p".to_owned(), sk: "s".to_owned() }).add_one("v");
        assert_eq!(change.rendered().condition, None);
    }
}
