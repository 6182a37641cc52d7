//! What a sample expects beside what came out.

use super::{Differences, Tried};
use crate::document::{Expect, ExpectedEffect};
use crate::entity::{self, Type};
use crate::outcome::{Made, Outcome, Waiting};
use crate::value::Value;

pub(super) fn with(expect: &Expect, tried: &Tried) -> Result<Differences, String> {
    match tried {
        Tried::Flow(outcome) => flow(expect, outcome),
        Tried::Map(made) => map(expect, made),
    }
}

fn map(expect: &Expect, made: &Result<Value, (String, String)>) -> Result<Differences, String> {
    let mut differences = Vec::new();
    match (made, &expect.refused) {
        (Err((field, _)), Some(refused)) if field == refused => {}
        (Err((field, message)), Some(refused)) => {
            differences.push(format!("`{refused}` should be refused, was `{field}`: {message}"));
        }
        (Err((field, message)), None) => differences.push(format!("{field}: {message}")),
        (Ok(_), Some(refused)) => differences.push(format!("`{refused}` was not refused")),
        (Ok(value), None) => {
            let expected = Value::Object(expect.fields.clone());
            covers("", &expected, value, &mut differences);
        }
    }
    Ok(differences)
}

fn flow(expect: &Expect, outcome: &Outcome) -> Result<Differences, String> {
    let mut differences = Vec::new();
    let made: Vec<String> = outcome.made.iter().map(|made| name(&made.name)).collect();
    let wanted = expect.effects.iter().map(|effect| called(&effect.kind, effect.ordinal));
    same("effects", wanted.collect(), made, &mut differences);
    for (effect, made) in expect.effects.iter().zip(&outcome.made) {
        fields(effect, made, &mut differences)?;
    }
    let hold = |kind: Option<&str>, reason: &str| match kind {
        Some(kind) => format!("{kind}: {reason}"),
        None => reason.to_owned(),
    };
    let wanted = expect.holds.iter().map(|held| hold(held.kind.as_deref(), &held.reason));
    let held = outcome.held.iter().map(|held| {
        let said = hold(held.name.as_ref().map(|name| name.kind.as_str()), held.reason.code());
        (said, held)
    });
    let (said, held): (Vec<String>, Vec<_>) = held.unzip();
    let before = differences.len();
    same("holds", wanted.collect(), said, &mut differences);
    if differences.len() > before {
        let why = held.iter().map(|held| format!("step {}: {}", held.step, held.evidence));
        differences.extend(why);
    } else {
        evidence(expect, outcome, &mut differences);
    }
    let cancelled = outcome.cancelled.iter().map(name).collect();
    same("cancels", expect.cancels.clone(), cancelled, &mut differences);
    let told = outcome.told.iter().map(|told| told.what.clone()).collect();
    same("emits", expect.emits.clone(), told, &mut differences);
    let waits = outcome.waiting.as_ref().map(|waiting| match waiting {
        Waiting::Until(time) => time.to_string(),
        Waiting::Fact(fact) => fact.clone(),
    });
    let (wanted, waits) = (expect.waits.iter().cloned(), waits.into_iter());
    same("waits", wanted.collect(), waits.collect(), &mut differences);
    Ok(differences)
}

fn evidence(expect: &Expect, outcome: &Outcome, differences: &mut Differences) {
    for (expected, held) in expect.holds.iter().zip(&outcome.held) {
        let Some(wanted) = &expected.evidence else { continue };
        if *wanted != held.evidence {
            let (step, there) = (&held.step, &held.evidence);
            differences.push(format!("evidence of {step}: `{wanted}` wanted, `{there}` there"));
        }
    }
}

fn fields(
    expected: &ExpectedEffect,
    made: &Made,
    differences: &mut Differences,
) -> Result<(), String> {
    let kind = &expected.kind;
    let entity = entity::find(kind).ok_or_else(|| entity::unknown(kind))?;
    for (name, value) in &expected.fields {
        let path = format!("{kind}.{name}");
        let Some(field) = entity.fields.get(name) else {
            return Err(format!("expect.effects: `{kind}` has no field `{name}`"));
        };
        // Lists are compared as they are written: an element's other fields are not looked at.
        let wanted = match &field.of {
            Type::List(_) | Type::Object(_) => value.clone(),
            of => of.read(value.clone()).map_err(|error| format!("{path}: {error}"))?,
        };
        covers(&path, &wanted, made.entity.at(name), differences);
    }
    Ok(())
}

/// Whether everything that is wanted is there.
fn covers(path: &str, wanted: &Value, there: &Value, differences: &mut Differences) {
    match (wanted, there) {
        (Value::Object(wanted), _) if matches!(there, Value::Object(_)) => {
            for (name, wanted) in wanted {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                covers(&path, wanted, there.at(name), differences);
            }
        }
        (Value::List(wanted), Value::List(items)) => {
            if wanted.len() != items.len() {
                let (wanted, there) = (wanted.len(), items.len());
                differences.push(format!("{path}: {wanted} elements wanted, {there} there"));
            }
            for (index, (wanted, item)) in wanted.iter().zip(items).enumerate() {
                covers(&format!("{path}[{index}]"), wanted, item, differences);
            }
        }
        // An empty list may be left out.
        (Value::List(wanted), Value::Null) if wanted.is_empty() => {}
        _ if alike(wanted, there) => {}
        _ => differences.push(format!("{path}: `{wanted}` wanted, `{there}` there")),
    }
}

/// A number, date or time may be written as text.
fn alike(wanted: &Value, there: &Value) -> bool {
    let as_there = match there {
        Value::Number(_) => Type::Amount { currency: String::new() }.read(wanted.clone()),
        Value::Date(_) => Type::Date.read(wanted.clone()),
        Value::Time(_) => Type::Time.read(wanted.clone()),
        _ => Ok(wanted.clone()),
    };
    as_there.is_ok_and(|wanted| wanted == *there)
}

fn same(what: &str, wanted: Vec<String>, there: Vec<String>, differences: &mut Differences) {
    if wanted != there {
        let list = |names: &[String]| match names {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        let (wanted, there) = (list(&wanted), list(&there));
        differences.push(format!("{what}: {wanted} wanted, {there} there"));
    }
}

fn name(name: &crate::outcome::EffectName) -> String {
    called(&name.kind, name.ordinal)
}

/// The kind; with its number when there are several.
fn called(kind: &str, ordinal: u32) -> String {
    match ordinal {
        1 => kind.to_owned(),
        _ => format!("{kind} {ordinal}"),
    }
}
