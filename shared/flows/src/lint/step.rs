//! One step: that it does exactly one thing, with nothing it does not take.

use domain::fact::FactName;

use super::Sheet;
use crate::action::{self, Action, Kind};
use crate::document::{ForEach, Step};

/// `has_facts`: the flow is of a transaction, whose facts it may wait for.
pub(super) fn check(path: &str, step: &Step, has_facts: bool, sheet: &mut Sheet) {
    match does(step).as_slice() {
        [does] => keys(path, step, does, sheet),
        [] => {
            let message = "it says nothing to do: `call`, `effect`, `map`, `set`, ...";
            sheet.add(path, "STEP_KIND", message);
        }
        several => {
            let message = format!("it says several things to do: {}", several.join(", "));
            sheet.add(path, "STEP_KIND", message);
        }
    }
    action(path, step, sheet);
    wait(path, step, has_facts, sheet);
}

/// What it is, by the keys it has. An effect's `map` is no step of its own.
fn does(step: &Step) -> Vec<&'static str> {
    [
        ("call", step.call.is_some()),
        ("effect", step.effect.is_some()),
        ("cancel", step.cancel.is_some()),
        ("map", step.map.is_some() && step.effect.is_none()),
        ("set", !step.set.is_empty()),
        ("switch", !step.switch.is_empty()),
        ("validate", step.validate.is_some()),
        ("for", step.for_each.is_some()),
        ("try", !step.attempt.is_empty()),
        ("hold", step.hold.is_some()),
        ("approve", step.approve.is_some()),
        ("wait", step.wait.is_some()),
        ("emit", step.emit.is_some()),
        ("notify", step.notify.is_some()),
        ("run", step.run.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect()
}

/// Keys that would be there without doing anything.
fn keys(path: &str, step: &Step, does: &str, sheet: &mut Sheet) {
    let takes = ["call", "effect", "map", "validate", "hold", "emit", "notify", "run"];
    let idle = [
        ("with", !step.with.is_empty() && !takes.contains(&does)),
        ("retry", step.retry.is_some() && !["call", "effect"].contains(&does)),
        ("catch", !step.catch.is_empty() && does != "try"),
    ];
    for (key, _) in idle.into_iter().filter(|(_, there)| *there) {
        let message = format!("`{key}` does nothing beside `{does}`: leave it out");
        sheet.add(&format!("{path}.{key}"), "KEY_NOT_TAKEN", message);
    }
    if does == "hold" {
        for name in step.with.keys().filter(|name| *name != "evidence") {
            let message = format!("there is no `{name}` to give; there is evidence");
            sheet.add(&format!("{path}.with.{name}"), "ARGUMENT_UNKNOWN", message);
        }
    }
}

/// An action of the catalogue is used as what it is. What a call or an effect names in vain is told
/// where it is compiled.
fn action(path: &str, step: &Step, sheet: &mut Sheet) {
    let uses: [(&str, &Option<String>, &[Kind]); 4] = [
        ("call", &step.call, &[Kind::Read, Kind::Write]),
        ("effect", &step.effect, &[Kind::Effect]),
        ("cancel", &step.cancel, &[Kind::Effect]),
        ("emit", &step.emit, &[Kind::Tell]),
    ];
    for (key, name, kinds) in uses {
        let Some(name) = name else { continue };
        let path = format!("{path}.{key}");
        match action::find(name) {
            Some(action) if kinds.contains(&action.kind) && (key != "emit" || is_event(name)) => {}
            Some(action) => {
                let message = format!("`{name}` is used as `{}`, not as `{key}`", used_as(action));
                sheet.add(&path, "ACTION_OF_OTHER_KIND", message);
            }
            None if matches!(key, "cancel" | "emit") => {
                sheet.add(&path, "ACTION_UNKNOWN", action::unknown(name));
            }
            None => {}
        }
    }
}

fn used_as(action: &Action) -> &str {
    match action.kind {
        Kind::Read | Kind::Write => "call",
        Kind::Effect => "effect",
        Kind::Tell if is_event(&action.name) => "emit",
        Kind::Tell | Kind::Person | Kind::Time => &action.name,
    }
}

/// Events have a source: `storefront.status`; `notify` is a step of its own.
fn is_event(name: &str) -> bool {
    name.contains('.')
}

/// What waits must come to an end.
fn wait(path: &str, step: &Step, has_facts: bool, sheet: &mut Sheet) {
    let Some(wait) = &step.wait else { return };
    let path = format!("{path}.wait");
    match (&wait.until, &wait.fact) {
        (Some(_), None) => {}
        (None, Some(_)) if !has_facts => {
            let message = "nothing states facts in this flow, and it would wait for ever: wait \
                           `until` a time";
            sheet.add(&path, "WAIT_ENDLESS", message);
        }
        (None, Some(fact)) => {
            let known: Vec<&str> = FactName::ALL.iter().map(|fact| fact.name()).collect();
            if !known.contains(&fact.as_str()) {
                let instead = action::instead(fact, known.iter().copied());
                let message = format!("there is no fact `{fact}`{instead}");
                sheet.add(&format!("{path}.fact"), "FACT_UNKNOWN", message);
            }
        }
        _ => {
            let message = "a step waits for one thing: `until` a time, or for a `fact`";
            sheet.add(&path, "WAIT_WRONG", message);
        }
    }
}

/// What is made for each element is told apart by its key.
pub(super) fn for_each(path: &str, each: &ForEach, sheet: &mut Sheet) {
    let mut words = each.key.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if !words.any(|word| word == each.name) {
        let message = format!(
            "the key `{}` is the same for every element: name a number of `{}`, 1, 2, 3, ...",
            each.key, each.name
        );
        sheet.add(&format!("{path}.for.key"), "KEY_CONSTANT", message);
    }
    if each.limit == 0 {
        let message = "a limit of 0 holds every list that is not empty: say how many are expected";
        sheet.add(&format!("{path}.for.limit"), "LIMIT_ZERO", message);
    }
}
