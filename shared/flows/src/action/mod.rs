//! The catalogue of actions: what steps may call, make and tell, typed. It stands in `actions/*.yaml`.

mod text;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::exception::ReasonCode;
use serde::Deserialize;

use crate::document::Trigger;
use crate::entity::{Entity, FieldOf, Role, Type};
use crate::outcome::EffectName;
use crate::value::Value;

/// One action.
#[derive(Debug, Clone)]
pub struct Action {
    /// `sage300.customer.match`.
    pub name: String,
    pub about: String,
    pub kind: Kind,
    pub input: BTreeMap<String, FieldOf>,
    /// An object of what a call answers; [`Type::Null`] for everything else.
    pub output: Type,
    /// What it answers as an entity of the action's name, for maps and checks.
    pub answers: Option<Entity>,
    /// The entity an effect makes, when it has another name.
    pub makes: Option<String>,
    /// What it can say no with.
    pub failures: Vec<ReasonCode>,
    /// What makes a write happen once; empty for reads.
    pub key: String,
    /// Something performs it. A flow may be checked without that; a run that comes to it is held.
    pub available: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A `call` that changes nothing by itself.
    Read,
    /// A `call` that changes something, once for its key.
    Write,
    /// A document or command that must exist once: `effect`.
    Effect,
    /// `emit`, `notify`.
    Tell,
    /// Needs somebody: `hold`, `approve`.
    Person,
    /// `wait`.
    Time,
}

/// Something that happens elsewhere and starts flows: `trigger: {event: order.created}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub name: String,
    /// The name steps find it under.
    #[serde(rename = "as")]
    pub called: String,
    /// The entity it is.
    pub carries: String,
    pub about: String,
}

/// What every flow sees, by name, and the entities they are.
pub const GIVEN: &[(&str, &str)] = &[
    ("transaction", "paytrace.transaction"),
    ("facts", "facts"),
    ("merchant", "merchant"),
    ("company", "company"),
    ("run", "run"),
];

/// What a flow sees that is started so: with a fact, or by another flow, the transaction and its facts;
/// with an event what it carries; with a poll the `record`.
#[must_use]
pub fn given(trigger: &Trigger) -> Vec<(&'static str, &'static str)> {
    let outside = ["transaction", "facts"];
    let own = match (&trigger.event, &trigger.poll) {
        (Some(name), _) => event(name).map(|event| (event.called.as_str(), event.carries.as_str())),
        (None, Some(entity)) => {
            crate::entity::find(entity).map(|entity| ("record", entity.name.as_str()))
        }
        (None, None) => None,
    };
    let plain = trigger.event.is_none() && trigger.poll.is_none() && trigger.schedule.is_none();
    let common = GIVEN.iter().copied().filter(|(name, _)| plain || !outside.contains(name));
    common.chain(own).collect()
}

#[must_use]
pub fn find(name: &str) -> Option<&'static Action> {
    CATALOGUE.actions.get(name)
}

/// All actions by name.
pub fn all() -> impl Iterator<Item = &'static Action> {
    CATALOGUE.actions.values()
}

#[must_use]
pub fn event(name: &str) -> Option<&'static Event> {
    CATALOGUE.events.iter().find(|event| event.name == name)
}

/// All events.
#[must_use]
pub fn events() -> &'static [Event] {
    &CATALOGUE.events
}

/// What to answer when there is no such action.
#[must_use]
pub fn unknown(name: &str) -> String {
    match nearest(name, CATALOGUE.actions.keys().map(String::as_str)) {
        Some(nearest) => format!("there is no action `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no action `{name}`: see docs/FLOWS.md for all of them"),
    }
}

/// What a document of the transaction is found by: its id, with a suffix for all but its first
/// receipt. At most 22 characters for ids of up to 18.
#[must_use]
pub fn reference(transaction: &str, name: &EffectName) -> String {
    let letter = match name.kind.as_str() {
        "sage300.receipt" | "sage300.prepayment" | "sage300.unapplied" => "P",
        "sage300.refund" => "R",
        "sage300.credit_note" => "C",
        "sage300.debit_note" => "D",
        "sage300.invoice" => "I",
        "sage300.misc_receipt" => "M",
        _ => "",
    };
    match (letter, name.ordinal) {
        ("" | "P", 1) => transaction.to_owned(),
        (_, ordinal) => format!("{transaction}-{letter}{ordinal}"),
    }
}

impl Action {
    /// The customer's number in an answer, when the action knows customers.
    #[must_use]
    pub fn customer_in(&self, answer: &Value) -> Option<String> {
        let Type::Object(fields) = &self.output else { return None };
        let known = fields.iter().find(|(_, field)| field.role == Some(Role::Customer));
        known.and_then(|(name, _)| answer.at(name).text()).map(str::to_owned)
    }
}

/// The name that is most like it, when one is.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let likeness = |known: &'a str| (strsim::normalized_damerau_levenshtein(name, known), known);
    let best = known.map(likeness).max_by(|a, b| a.0.total_cmp(&b.0));
    // One slip in a short name is much of it.
    let slip = |known: &str| name.len() > 1 && strsim::damerau_levenshtein(name, known) == 1;
    best.filter(|(alike, known)| *alike >= ALIKE || slip(known)).map(|(_, known)| known)
}

/// What to add to "there is no such": the name that is most like it, or all when they are few.
#[must_use]
pub(crate) fn instead<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    const FEW: usize = 12;
    if let Some(near) = nearest(name, known.clone()) {
        return format!("; did you mean `{near}`?");
    }
    match known.clone().count() {
        1..=FEW => format!("; there are {}", known.collect::<Vec<_>>().join(", ")),
        _ => String::new(),
    }
}

/// The files of this crate's folder `actions`.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("paytrace", include_str!("../../actions/paytrace.yaml")),
    ("people", include_str!("../../actions/people.yaml")),
    ("sage300", include_str!("../../actions/sage300.yaml")),
];

#[derive(Debug, Default)]
struct Catalogue {
    actions: BTreeMap<String, Action>,
    events: Vec<Event>,
}

// The text is part of the program: a test reads all of it, so that nothing is left out here.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    for text in FILES.iter().filter_map(|(_, text)| text::read(text).ok()) {
        let actions = text.actions.iter().filter_map(|action| action.action().ok());
        catalogue.actions.extend(actions.map(|action| (action.name.clone(), action)));
        catalogue.events.extend(text.events);
    }
    catalogue
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_embedded_and_every_action_is_whole() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("actions");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES.len());
        let mut known = 0;
        for (file, text) in FILES {
            let read = text::read(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            for action in &read.actions {
                let action = action.action().unwrap_or_else(|error| panic!("{file}: {error}"));
                let writes = !matches!(action.kind, Kind::Read | Kind::Time);
                assert!(!writes || !action.key.is_empty(), "{}: once for what?", action.name);
                assert!(!action.about.is_empty(), "{}", action.name);
                let call = matches!(action.kind, Kind::Read | Kind::Write);
                assert_eq!(call, action.answers.is_some(), "{}", action.name);
                known += 1;
            }
        }
        assert_eq!(all().count(), known, "each name once");
        for event in events() {
            assert!(crate::entity::find(&event.carries).is_some(), "{}", event.name);
        }
        for (name, entity) in GIVEN {
            assert!(crate::entity::find(entity).is_some(), "{name}");
        }
    }

    #[test]
    fn what_a_flow_sees_follows_from_what_starts_it() {
        let names = |trigger: Trigger| {
            given(&trigger).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let fact = Trigger { fact: vec!["captured".into()], ..Trigger::default() };
        assert_eq!(names(fact), ["transaction", "facts", "merchant", "company", "run"]);
        let event = Trigger { event: Some("order.created".into()), ..Trigger::default() };
        assert_eq!(names(event), ["merchant", "company", "run", "order"]);
        let poll = Trigger { poll: Some("sage300.customer".into()), ..Trigger::default() };
        assert_eq!(names(poll), ["merchant", "company", "run", "record"]);
    }

    #[test]
    fn documents_of_one_transaction_are_told_apart() {
        let of = |kind: &str, ordinal| {
            reference("512300417", &EffectName { kind: kind.to_owned(), ordinal })
        };
        assert_eq!(of("sage300.receipt", 1), "512300417");
        assert_eq!(of("sage300.prepayment", 2), "512300417-P2");
        assert_eq!(of("sage300.refund", 1), "512300417-R1");
        assert_eq!(of("sage300.credit_note", 1), "512300417-C1");
        assert_eq!(of("paytrace.capture", 1), "512300417");
    }

    #[test]
    fn a_wrong_name_has_a_near_one_and_an_answer_a_customer() {
        assert!(unknown("sage300.customer.mach").contains("`sage300.customer.match`"));
        assert!(unknown("teleport").contains("docs/FLOWS.md"));
        let matched = find("sage300.customer.match").unwrap();
        let answer = Value::object([("number", "1200".into())]);
        assert_eq!(matched.customer_in(&answer).as_deref(), Some("1200"));
        assert_eq!(find("sage300.period.open").unwrap().customer_in(&answer), None);
    }
}
