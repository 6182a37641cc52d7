//! What changed between two sets of documents, by the ids of things: not which lines differ, but what
//! decides otherwise. A document that is only written differently has not changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::document::{Case, Document, Kind, Step};
use crate::program::Documents;

/// One change, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `flows/payment-posting`.
    pub document: String,
    /// `step receipt`, `field PaymentCode`, `row visa`, ...; empty for the whole document.
    pub part: String,
    /// What happened to it.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part.as_str() {
            "" => write!(f, "{}: {}", self.document, self.what),
            part => write!(f, "{}: {part} {}", self.document, self.what),
        }
    }
}

/// The changes from one set to the other, by document.
#[must_use]
pub fn changes(before: &Documents, after: &Documents) -> Vec<Change> {
    let keys: BTreeSet<&(Kind, String)> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for key in keys {
        let name = format!("{}/{}", key.0.folder(), key.1);
        let whole = |what: &str| Change {
            document: name.clone(),
            part: String::new(),
            what: what.to_owned(),
        };
        match (before.get(key), after.get(key)) {
            (None, Some(_)) => changes.push(whole("added")),
            (Some(_), None) => changes.push(whole("removed")),
            (Some(before), Some(after)) if before != after => {
                changes.extend(within(&name, before, after));
            }
            _ => {}
        }
    }
    changes
}

fn within(name: &str, before: &Document, after: &Document) -> Vec<Change> {
    let (before, after) = (Parts::of(before), Parts::of(after));
    let change = |part: &str, what: String| Change {
        document: name.to_owned(),
        part: part.to_owned(),
        what,
    };
    let mut changes = Vec::new();
    for (part, value) in &after.parts {
        match before.get(part) {
            None => changes.push(change(part, format!("added{}", after.place(part)))),
            Some(old) if old != value => changes.push(change(part, difference(old, value))),
            Some(_) => {}
        }
    }
    for (part, _) in &before.parts {
        if after.get(part).is_none() {
            changes.push(change(part, "removed".to_owned()));
        }
    }
    let common = |parts: &Parts, others: &Parts| {
        let names = parts.parts.iter().map(|(name, _)| name.clone());
        names.filter(|name| others.get(name).is_some()).collect::<Vec<_>>()
    };
    for part in moved(&common(&before, &after), &common(&after, &before)) {
        changes.push(change(&part, format!("moved{}", after.place(&part))));
    }
    changes
}

/// A document's parts in their order, each by its name.
struct Parts {
    parts: Vec<(String, Value)>,
    /// Of these the order matters.
    ordered: bool,
}

impl Parts {
    fn of(document: &Document) -> Self {
        let mut parts = Vec::new();
        let mut ordered = true;
        match document {
            Document::Flow(flow) => {
                parts.push(("heading".to_owned(), json(&flow.document)));
                parts.push(("trigger".to_owned(), json(&flow.trigger)));
                steps(&flow.steps, &mut parts);
            }
            Document::Map(map) => {
                ordered = false;
                parts.push(("heading".to_owned(), json(&map.document)));
                parts.push(("input".to_owned(), json(&map.from)));
                parts.push(("target".to_owned(), json(&map.to)));
                let fields = map.fields.iter();
                parts.extend(fields.map(|(name, field)| (format!("field {name}"), json(field))));
                for (list, each) in &map.each {
                    parts.push((format!("list {list}"), json(&(&each.list, &each.name))));
                    let fields = each.fields.iter();
                    parts.extend(
                        fields.map(|(name, field)| (format!("field {list}.{name}"), json(field))),
                    );
                }
                parts.push(("samples".to_owned(), json(&map.tests)));
            }
            Document::Table(table) => {
                parts.push(("heading".to_owned(), json(&table.document)));
                let whole = (&table.inputs, &table.outputs, &table.on_no_match);
                parts.push(("columns".to_owned(), json(&whole)));
                let rows = table.rows.iter();
                parts.extend(rows.map(|row| (format!("row {}", row.id), json(row))));
            }
            Document::Check(check) => {
                parts.push(("heading".to_owned(), json(&check.document)));
                parts.push(("input".to_owned(), json(&check.of)));
                let rules = check.rules.iter();
                parts.extend(rules.map(|rule| (format!("rule {}", rule.id), json(rule))));
            }
        }
        Self { parts, ordered }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.parts.iter().find(|(part, _)| part == name).map(|(_, value)| value)
    }

    /// ` after step customer`; nothing where order does not matter.
    fn place(&self, name: &str) -> String {
        let at = self.parts.iter().position(|(part, _)| part == name).filter(|_| self.ordered);
        let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| self.parts.get(at));
        match before {
            Some((part, _)) if part.contains(' ') => format!(" after {part}"),
            Some(_) => " at the beginning".to_owned(),
            None => String::new(),
        }
    }
}

/// Steps by id, those within others after what holds them.
fn steps(all: &[Step], parts: &mut Vec<(String, Value)>) {
    for step in all {
        let cases = step.switch.iter().map(|case| Case { steps: Vec::new(), ..case.clone() });
        let bare = Step {
            switch: cases.collect(),
            for_each: step
                .for_each
                .clone()
                .map(|each| crate::document::ForEach { steps: Vec::new(), ..each }),
            attempt: Vec::new(),
            catch: Vec::new(),
            ..step.clone()
        };
        parts.push((format!("step {}", step.id), json(&bare)));
        for case in &step.switch {
            steps(&case.steps, parts);
        }
        if let Some(each) = &step.for_each {
            steps(&each.steps, parts);
        }
        steps(&step.attempt, parts);
        steps(&step.catch, parts);
    }
}

fn json<T: Serialize>(part: &T) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

/// The keys that say something else, with both.
fn difference(before: &Value, after: &Value) -> String {
    let empty = serde_json::Map::new();
    let (old, new) = (before.as_object(), after.as_object());
    if old.is_none() || new.is_none() {
        return format!("changed from {before} to {after}");
    }
    let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let told = keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).map(|key| {
        match (old.get(key), new.get(key)) {
            (Some(before), Some(after)) => format!("{key} from {before} to {after}"),
            (None, Some(after)) => format!("{key} is now {after}"),
            (Some(before), None) => format!("{key} is no longer {before}"),
            (None, None) => key.clone(),
        }
    });
    format!("changed: {}", told.collect::<Vec<_>>().join("; "))
}

/// The fewest parts whose moving makes one order the other: all but a longest common one.
fn moved(before: &[String], after: &[String]) -> Vec<String> {
    let place: BTreeMap<&String, usize> =
        before.iter().enumerate().map(|(at, name)| (name, at)).collect();
    let places: Vec<usize> = after.iter().filter_map(|name| place.get(name).copied()).collect();
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (at, here) in places.iter().enumerate() {
        let longest = best
            .iter()
            .enumerate()
            .filter(|(other, _)| places.get(*other).is_some_and(|there| there < here))
            .max_by_key(|(other, (length, _))| (*length, std::cmp::Reverse(*other)));
        best.push(match longest {
            Some((other, (length, _))) => (length + 1, Some(other)),
            None => (1, None),
        });
        debug_assert_eq!(best.len(), at + 1);
    }
    let mut kept = BTreeSet::new();
    let mut next = (0..best.len())
        .max_by_key(|at| (best.get(*at).map_or(0, |(n, _)| *n), std::cmp::Reverse(*at)));
    while let Some(at) = next {
        kept.insert(at);
        next = best.get(at).and_then(|(_, before)| *before);
    }
    let stay = |at: &usize| kept.contains(at);
    after.iter().enumerate().filter(|(at, _)| !stay(at)).map(|(_, name)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(path: &str, change: impl Fn(&str) -> String) -> Vec<String> {
        let files = crate::shipped::files();
        let mut other = files.clone();
        other.insert(path.to_owned(), change(&files[path]));
        let (before, after) = (read(&files), read(&other));
        changes(&before, &after).iter().map(ToString::to_string).collect()
    }

    fn read(files: &BTreeMap<String, String>) -> Documents {
        crate::program::read(files).unwrap()
    }

    #[test]
    fn what_is_only_written_differently_has_not_changed() {
        let told = changed("flows/void.yaml", |text| format!("# a comment\n\n{text}"));
        assert!(told.is_empty(), "{told:?}");
    }

    #[test]
    fn a_field_a_row_and_an_argument() {
        let told = changed("maps/payment-to-receipt.yaml", |text| {
            text.replace(
                "  BankCode: {from: place.bank}",
                "  BankCode: {value: X}\n  Payer: {value: Y}",
            )
        });
        assert_eq!(
            told,
            [
                "maps/payment-to-receipt: field BankCode changed: from is no longer \"place.bank\"; \
                 value is now \"X\"",
                "maps/payment-to-receipt: field Payer added",
            ]
        );
        let told = changed("tables/payment-codes.yaml", |text| {
            text.replace(
                "  - id: visa\n",
                concat!(
                    "  - id: new\n",
                    "    when: {brand: '\"new\"'}\n",
                    "    then: {code: \"'N'\"}\n",
                    "  - id: visa\n"
                ),
            )
        });
        assert_eq!(told, ["tables/payment-codes: row new added at the beginning"]);
        let told = changed("flows/payment-posting.yaml", |text| {
            text.replace("order: merchant.unnamed", "order: {text: largest_first}")
        });
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("flows/payment-posting: step apply changed: with from "),
            "{told:?}"
        );
    }

    #[test]
    fn steps_are_added_removed_and_moved() {
        let extra = "  - id: extra\n    notify: finance\n";
        let told = changed("flows/payment-posting.yaml", |text| {
            text.replace("  - id: receipt\n", &format!("{extra}  - id: receipt\n"))
        });
        assert_eq!(told, ["flows/payment-posting: step extra added after step apply"]);
        let order =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(moved(&order(&["a", "b", "c", "d"]), &order(&["a", "d", "b", "c"])), ["d"]);
        assert!(moved(&order(&["a", "b"]), &order(&["a", "b"])).is_empty());
    }

    #[test]
    fn whole_documents() {
        let files = crate::shipped::files();
        let mut fewer = files.clone();
        fewer.remove("flows/void.yaml");
        let (all, less) = (read(&files), read(&fewer));
        let told = |before, after| changes(before, after).first().map(ToString::to_string);
        assert_eq!(told(&all, &less).as_deref(), Some("flows/void: removed"));
        assert_eq!(told(&less, &all).as_deref(), Some("flows/void: added"));
    }
}
