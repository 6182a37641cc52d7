//! Fields of maps, rows of tables, rules of checks.

use std::collections::BTreeSet;

use super::Sheet;
use crate::document::{Check, Field, Map, Table};

pub(super) fn map(map: &Map, sheet: &mut Sheet) {
    for (name, of) in &map.fields {
        field(&format!("fields.{name}"), of, sheet);
    }
    for (list, each) in &map.each {
        let path = format!("each.{list}");
        if map.fields.contains_key(list) {
            let message = format!("`{list}` is filled twice: in `fields` and in `each`");
            sheet.add(&path, "FIELD_TWICE", message);
        }
        if map.from.contains_key(&each.name) {
            let message = format!("`{}` is what goes into the map: choose another name", each.name);
            sheet.add(&format!("{path}.as"), "ID_RESERVED", message);
        }
        for (name, of) in &each.fields {
            field(&format!("{path}.fields.{name}"), of, sheet);
        }
    }
}

/// One that has no source at all is told where it is compiled.
fn field(path: &str, field: &Field, sheet: &mut Sheet) {
    let sources: Vec<&str> = [
        ("from", field.from.is_some()),
        ("value", field.value.is_some()),
        ("lookup", field.lookup.is_some()),
        ("decide", field.decide.is_some()),
        ("expr", field.expr.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect();
    if sources.len() > 1 {
        let message = format!("the field is filled twice, by {}: give one", sources.join(" and "));
        sheet.add(path, "FIELD_TWICE", message);
    }
}

pub(super) fn table(table: &Table, sheet: &mut Sheet) {
    const TYPES: [&str; 5] = ["text", "amount", "number", "date", "bool"];
    let inputs = table.inputs.iter().map(|(name, input)| ("inputs", name, &input.of));
    let outputs = table.outputs.iter().map(|(name, output)| ("outputs", name, &output.of));
    for (side, name, of) in inputs.chain(outputs) {
        if !TYPES.contains(&of.as_str()) {
            let message = format!("`{of}` is no type of a column: there are {}", TYPES.join(", "));
            sheet.add(&format!("{side}.{name}.type"), "COLUMN_TYPE_UNKNOWN", message);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, row) in table.rows.iter().enumerate() {
        sheet.id(&format!("rows[{index}].id"), &row.id, &mut seen);
        for name in row.then.keys().filter(|name| !table.outputs.contains_key(*name)) {
            let message = format!("the table has no output `{name}`: the row gives it to nobody");
            sheet.add(&format!("rows[{index}].then.{name}"), "OUTPUT_UNKNOWN", message);
        }
    }
}

pub(super) fn check(check: &Check, sheet: &mut Sheet) {
    if check.rules.is_empty() {
        sheet.add("rules", "CHECK_EMPTY", "a check has one rule at least");
    }
    let mut seen = BTreeSet::new();
    for (index, rule) in check.rules.iter().enumerate() {
        sheet.id(&format!("rules[{index}].id"), &rule.id, &mut seen);
    }
}
