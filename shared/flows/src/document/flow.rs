//! `flow/v1`: which steps a fact leads to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Head;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    pub document: Head,
    pub trigger: Trigger,
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
}

/// What starts the flow: exactly one of `fact`, `schedule`, `poll`, `event`, `manual`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trigger {
    /// Any of these facts, newly stated of a transaction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fact: Vec<String>,
    /// The name of a schedule bound in the environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// A Sage 300 entity looked at again and again from its watermark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<String>,
    /// An event of a storefront: `order.created`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Started by a person or by another flow's `run`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub manual: bool,
    /// Expression that must be true as well.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// One step: exactly one of `call`, `effect`, `cancel`, `map`, `set`, `switch`, `validate`, `for`, `try`,
/// `hold`, `approve`, `wait`, `emit`, `notify`, `run`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Never changes; what the step answers is found under it (`customer.number`).
    pub id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Expression; the step is left out while it is not true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// An action of the catalogue: `sage300.customer.match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// A document that must exist once: `sage300.receipt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// An effect that must not come to be: `sage300.receipt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel: Option<String>,
    /// The map that makes the effect, or the value of a step that does nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// Values by name; each is an expression.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub switch: Vec<Case>,
    /// A check document; what it finds holds, or is noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate: Option<String>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub for_each: Option<ForEach>,
    /// Steps whose failure leads to `catch`.
    #[serde(rename = "try", skip_serializing_if = "Vec::is_empty")]
    pub attempt: Vec<Step>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Step>,
    /// A reason code: the item is put before a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve: Option<Approve>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// An event to the outside: `storefront.status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emit: Option<String>,
    /// A route of notices: `finance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
    /// Another flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What goes in, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, Argument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

/// An argument: text is an expression; anything else is meant as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Argument {
    Flag(bool),
    Whole(i64),
    Expression(String),
    Literal(Literal),
}

/// `{text: oldest_due}`: text that is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Literal {
    pub text: String,
}

/// The first case that is true is done; one without `when` is done otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    /// Expression: the list.
    #[serde(rename = "in")]
    pub list: String,
    /// The name of one of it.
    #[serde(rename = "as")]
    pub name: String,
    /// Expression that tells one from another: part of every effect's key made inside.
    pub key: String,
    /// More than so many holds the item.
    pub limit: u32,
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
}

/// A person says yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    pub role: String,
    /// Expression: above this amount two persons are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub four_eyes_above: Option<String>,
}

/// Goes on later: exactly one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wait {
    /// Expression: a time or date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// A fact of the same transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
}

/// How often, and how long between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    pub times: u32,
    pub first_ms: u64,
}

/// What a failure of the step leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnError {
    /// A reason code.
    pub hold: String,
    /// A route of notices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<String>,
}
