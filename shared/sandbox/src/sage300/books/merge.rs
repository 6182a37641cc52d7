//! A payload applied to a record: sparse, in the order sent, details by their keys and
//! `UpdateOperation`. [O]

use serde_json::Value;

use super::super::resource::Row;
use super::super::schema::{Kind, Shape};
use super::cell::{integer, put, text};
use super::refusal::{self, Outcome};

/// How far apart the server numbers new lines.
const LINE_STEP: i64 = 20;

/// Applies `change` to `stored`, a record of that shape.
///
/// # Errors
/// When a detail to be inserted is there, or one to be updated or deleted is not.
pub fn apply(shape: &Shape, stored: &mut Row, change: &Row) -> Outcome<()> {
    for (name, value) in change {
        let Some(field) = shape.field(name) else { continue };
        if field.read_only || name == "UpdateOperation" {
            continue;
        }
        let (Kind::Many(line_shape), Value::Array(changes)) = (&field.kind, value) else {
            // What is assigned again counts as assigned last.
            stored.shift_remove(name);
            stored.insert(name.clone(), value.clone());
            continue;
        };
        let mut lines = match stored.swap_remove(name) {
            Some(Value::Array(lines)) => lines,
            _ => Vec::new(),
        };
        let own = own_keys(shape, line_shape);
        for change in changes.iter().filter_map(Value::as_object) {
            apply_line(line_shape, &own, &mut lines, change)?;
        }
        stored.insert(name.clone(), Value::Array(lines));
    }
    Ok(())
}

/// Repeats the parent's keys in its details, at every depth.
pub fn hand_down(shape: &Shape, row: &mut Row) {
    for field in &shape.fields {
        let Kind::Many(line_shape) = &field.kind else { continue };
        let inherited: Vec<(String, Value)> = line_shape
            .keys()
            .filter(|key| shape.field(&key.name).is_some_and(|parent| parent.key))
            .filter_map(|key| Some((key.name.clone(), row.get(&key.name)?.clone())))
            .collect();
        let Some(Value::Array(lines)) = row.get_mut(&field.name) else { continue };
        for line in lines.iter_mut().filter_map(Value::as_object_mut) {
            line.extend(inherited.iter().cloned());
            hand_down(line_shape, line);
        }
    }
}

/// The keys that tell a detail from its siblings.
fn own_keys<'s>(parent: &Shape, line: &'s Shape) -> Vec<&'s str> {
    let inherited = |name: &str| parent.field(name).is_some_and(|field| field.key);
    line.keys().map(|key| key.name.as_str()).filter(|name| !inherited(name)).collect()
}

fn apply_line(shape: &Shape, own: &[&str], lines: &mut Vec<Value>, change: &Row) -> Outcome<()> {
    let place = position(own, lines, change);
    match (text(change, "UpdateOperation"), place) {
        ("Insert", Some(_)) => Err(refusal::duplicate("The detail already exists.")),
        ("Update" | "Delete", None) => Err(refusal::not_found()),
        ("Delete", Some(at)) => {
            lines.remove(at);
            Ok(())
        }
        (_, Some(at)) => match lines.get_mut(at).and_then(Value::as_object_mut) {
            Some(line) => apply(shape, line, change),
            None => Ok(()),
        },
        (_, None) => {
            let mut line = Row::new();
            apply(shape, &mut line, change)?;
            number_line(own, lines, &mut line);
            lines.push(Value::Object(line));
            Ok(())
        }
    }
}

/// Where the detail is that the change means; a number that is absent or 0 means a new one.
fn position(own: &[&str], lines: &[Value], change: &Row) -> Option<usize> {
    let new = |value: Option<&Value>| value.is_none_or(|value| value.as_i64() == Some(0));
    if own.iter().any(|name| new(change.get(*name))) {
        return None;
    }
    lines.iter().position(|line| own.iter().all(|name| line.get(*name) == change.get(*name)))
}

fn number_line(own: &[&str], lines: &[Value], line: &mut Row) {
    let [name] = own else { return };
    let numbers = ["LineNumber", "SequenceNumber", "PaymentNumber"];
    if !numbers.contains(name) || integer(line, name).is_some_and(|number| number != 0) {
        return;
    }
    let step = if *name == "PaymentNumber" { 1 } else { LINE_STEP };
    let used = lines.iter().filter_map(|line| line.get(*name)?.as_i64()).max().unwrap_or(0);
    put(line, name, used.saturating_add(step));
}
