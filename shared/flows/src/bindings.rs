//! What an environment adds to the documents: accounts, limits, schedules, by merchant. Kept beside
//! them as `env/NAME.yaml`; no secret, host or company is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::action::nearest;
use crate::document::{Document, Flow};
use crate::entity::{self, FieldOf, Type};
use crate::problem::Problem;
use crate::program::Documents;
use crate::value::Value;

/// What the configuration says of a merchant: it counts, and a binding of that name would not.
const CONFIGURED: &[&str] = &[
    "id",
    "company",
    "currency",
    "bank",
    "zone",
    "unnamed",
    "closed_period",
    "new_customer",
    "fallback_customer",
    "payment_codes",
];

/// `env/NAME.yaml`. An environment without such a file binds nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bindings {
    /// How many people it takes to activate a release; one when not said.
    pub approvals: Option<u64>,
    /// Values by merchant, and there by name (`accounts.clearing`). Decimals stand in quotes.
    pub merchants: BTreeMap<String, BTreeMap<String, Value>>,
    /// Schedules by the name triggers use.
    pub schedules: BTreeMap<String, String>,
}

/// Something a document asks a merchant for and the environment does not bind. What comes to need it is
/// held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unbound {
    /// `merchant.accounts.fees`.
    pub name: String,
    /// Empty when no merchant binds anything.
    pub merchant: String,
    /// `tables/gl-accounts`.
    pub asked_by: String,
}

impl fmt::Display for Unbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, merchant, asked_by } = self;
        let merchant = if merchant.is_empty() { "any merchant" } else { merchant };
        write!(f, "{name} is not bound for {merchant}; {asked_by} asks for it")
    }
}

impl Bindings {
    /// Those of the environment, each value of the type it must have.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(environment: &str, files: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let document = format!("env/{environment}");
        let Some(text) = files.get(&format!("{document}.yaml")) else { return Ok(Self::default()) };
        let problem = |path: String, code, message| {
            let document = document.clone();
            Problem { document, path, position: None, code, message }
        };
        let mut read: Self = serde_saphyr::from_str(text)
            .map_err(|error| vec![problem(String::new(), "YAML_WRONG", error.to_string())])?;
        let mut problems = Vec::new();
        for (merchant, values) in &mut read.merchants {
            for (name, value) in values {
                match typed(name, std::mem::take(value)) {
                    Ok(of_its_type) => *value = of_its_type,
                    Err((code, message)) => {
                        problems.push(problem(
                            format!("merchants.{merchant}.{name}"),
                            code,
                            message,
                        ));
                    }
                }
            }
        }
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    /// What documents ask for and this does not bind, by name.
    #[must_use]
    pub fn unbound(&self, documents: &Documents) -> BTreeSet<Unbound> {
        let nobody = BTreeMap::from([(String::new(), BTreeMap::new())]);
        let merchants = if self.merchants.is_empty() { &nobody } else { &self.merchants };
        let mut unbound = BTreeSet::new();
        for document in documents.values() {
            let head = document.head();
            let asked_by = format!("{}/{}", head.kind.folder(), head.id);
            for name in asked(document) {
                for (merchant, values) in merchants {
                    if Value::Object(values.clone()).at(name).is_null() {
                        let (name, merchant) = (format!("merchant.{name}"), merchant.clone());
                        unbound.insert(Unbound { name, merchant, asked_by: asked_by.clone() });
                    }
                }
            }
        }
        unbound
    }

    /// Flows whose schedule is not there: they would never be started.
    #[must_use]
    pub fn unscheduled(&self, documents: &Documents) -> Vec<Problem> {
        let flows = documents.values().filter_map(|document| match document {
            Document::Flow(flow) => Some(flow),
            _ => None,
        });
        let name = |flow: &Flow| flow.trigger.schedule.clone();
        let missing = flows.filter_map(|flow| name(flow).map(|name| (flow, name)));
        let missing = missing.filter(|(_, name)| !self.schedules.contains_key(name));
        let known = || self.schedules.keys().map(String::as_str);
        missing
            .map(|(flow, name)| Problem {
                document: format!("flows/{}", flow.document.id),
                path: "trigger.schedule".to_owned(),
                position: None,
                code: "SCHEDULE_UNBOUND",
                message: match nearest(&name, known()) {
                    Some(near) => format!("no schedule `{name}` is bound; did you mean `{near}`?"),
                    None => format!("no schedule `{name}` is bound: add it to `schedules`"),
                },
            })
            .collect()
    }

    #[must_use]
    pub fn approvals(&self) -> u64 {
        self.approvals.unwrap_or(1)
    }

    /// What is bound for the merchant.
    #[must_use]
    pub fn of(&self, merchant: &str) -> BTreeMap<String, Value> {
        self.merchants.get(merchant).cloned().unwrap_or_default()
    }
}

/// # Errors
/// Code and message.
fn typed(name: &str, value: Value) -> Result<Value, (&'static str, String)> {
    let fields = entity::find("merchant").map(|merchant| &merchant.fields);
    if CONFIGURED.contains(&name) {
        let message = format!("the configuration says `{name}`, and a binding would not count");
        return Err(("BINDING_UNKNOWN", message));
    }
    let Some(FieldOf { of, .. }) = fields.and_then(|fields| fields.get(name)) else {
        let known = fields.into_iter().flat_map(BTreeMap::keys).map(String::as_str);
        let known = known.filter(|name| !CONFIGURED.contains(name));
        let message = match nearest(name, known) {
            Some(near) => format!("nothing is bound as `{name}`; did you mean `{near}`?"),
            None => format!("nothing is bound as `{name}`: see `merchant` in docs/FLOWS.md"),
        };
        return Err(("BINDING_UNKNOWN", message));
    };
    of.read(value).map_err(|error| ("TYPE_MISMATCH", error.to_string()))
}

/// The bindings a document asks for with nothing to stand for them: where they are all of a field or a
/// cell. Without the leading `merchant.`.
fn asked(document: &Document) -> Vec<&str> {
    let texts: Vec<&String> = match document {
        Document::Map(map) => {
            let lists = map.each.values().flat_map(|each| each.fields.values());
            let fields = map.fields.values().chain(lists);
            fields.flat_map(|field| field.from.iter().chain(&field.expr)).collect()
        }
        Document::Table(table) => table.rows.iter().flat_map(|row| row.then.values()).collect(),
        Document::Flow(_) | Document::Check(_) => Vec::new(),
    };
    let names = texts.into_iter().filter_map(|text| text.trim().strip_prefix("merchant."));
    names.filter(|name| is_bound(name)).collect()
}

/// A name the environment binds, and need not.
fn is_bound(name: &str) -> bool {
    let outer = name.split('.').next().unwrap_or(name);
    let of = entity::find("merchant").map(|merchant| Type::Object(merchant.fields.clone()));
    let field = name.split('.').try_fold((of, false), |(of, _), part| match of {
        Some(Type::Object(fields)) => {
            fields.get(part).map(|field| (Some(field.of.clone()), field.required))
        }
        _ => None,
    });
    !CONFIGURED.contains(&outer) && matches!(field, Some((_, false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Bindings, Vec<String>> {
        let files = BTreeMap::from([("env/dev.yaml".to_owned(), text.to_owned())]);
        Bindings::read("dev", &files).map_err(|problems| {
            problems.iter().map(|problem| format!("{} {}", problem.path, problem.code)).collect()
        })
    }

    #[test]
    fn what_is_bound_is_of_its_type() {
        let bound =
            read("merchants:\n  main: {approve_above: \"500.00\", accounts: {fees: \"6115\"}}\n");
        let of = bound.unwrap().of("main");
        assert_eq!(of["approve_above"].number(), "500.00".parse().ok());
        assert_eq!(of["accounts"].at("fees").text(), Some("6115"));
        assert_eq!(Bindings::read("none", &BTreeMap::new()), Ok(Bindings::default()));
    }

    #[test]
    fn what_nobody_asks_for_is_told() {
        let refused =
            |bound: &str| read(&format!("merchants:\n  main: {{{bound}}}\n")).unwrap_err();
        assert_eq!(refused("aprove_above: 1"), ["merchants.main.aprove_above BINDING_UNKNOWN"]);
        assert_eq!(refused("bank: CCB"), ["merchants.main.bank BINDING_UNKNOWN"]);
        assert_eq!(refused("accounts: {fee: x}"), ["merchants.main.accounts TYPE_MISMATCH"]);
        assert_eq!(refused("refunds: never"), ["merchants.main.refunds TYPE_MISMATCH"]);
        assert_eq!(read("merchant: {}\n").unwrap_err(), [" YAML_WRONG"]);
    }

    #[test]
    fn what_is_not_bound_is_listed() {
        let documents = crate::program::read(&crate::shipped::files()).unwrap();
        let told = |bindings: &Bindings| {
            let unbound = bindings.unbound(&documents);
            unbound.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let fees = "merchant.accounts.fees is not bound for any merchant; tables/gl-accounts asks \
                    for it";
        assert!(told(&Bindings::default()).contains(&fees.to_owned()));
        let bound = read(
            "merchants:\n  a: {accounts: {fees: '1', bank: '1', clearing: '1', revenue: '1', refunds: '1', \
             chargebacks: '1', write_off: '1'}, default_location: A}\n  b: {accounts: {fees: '1'}}\n",
        );
        let told = told(&bound.unwrap());
        assert!(told.iter().all(|line| line.contains(" for b;")), "{told:?}");
        assert!(told.iter().any(|line| line.starts_with("merchant.accounts.clearing ")));
        assert!(
            !told.iter().any(|line| line.contains("fees") || line.contains("zone")),
            "{told:?}"
        );
    }

    #[test]
    fn a_flow_without_its_schedule_is_told() {
        let text = "document: {kind: flow/v1, id: a}\ntrigger: {schedule: nightly}\ndo: []\n";
        let files = BTreeMap::from([("flows/a.yaml".to_owned(), text.to_owned())]);
        let documents = crate::program::read(&files).unwrap();
        let found = read("schedules: {nightli: '03:00'}\n").unwrap().unscheduled(&documents);
        assert_eq!(found[0].code, "SCHEDULE_UNBOUND");
        assert!(found[0].message.contains("`nightli`"), "{}", found[0]);
        let bound = read("schedules: {nightly: '03:00'}\n").unwrap();
        assert!(bound.unscheduled(&documents).is_empty());
    }
}
