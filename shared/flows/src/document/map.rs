//! `map/v1`: one entity made from others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Head;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Map {
    pub document: Head,
    /// Names and the entities they are: `payment: paytrace.transaction`.
    pub from: BTreeMap<String, String>,
    /// The entity made: `sage300.receipt`.
    pub to: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Field>,
    /// Lists of the entity, one element for each of a list that goes in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Each>,
    /// Names of samples, or whole cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<MapTest>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Path of the list.
    #[serde(rename = "in")]
    pub list: String,
    #[serde(rename = "as")]
    pub name: String,
    pub fields: BTreeMap<String, Field>,
}

/// One field: exactly one of `from`, `value`, `lookup`, `decide`, `expr`; then the steps, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Field {
    /// Path of what is taken: `payment.amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Source>,
    /// A decision table, asked with everything the map has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decide: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expr: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepOfField>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// A value found in a table by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub table: String,
    /// Path of the key.
    pub key: String,
    #[serde(default)]
    pub on_miss: OnMiss,
}

/// What a lookup that finds nothing does. `default` is the row without a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMiss {
    #[default]
    Hold,
    Default,
    Error,
}

/// One typed step: `{step: cut, len: 24, on_overflow: error}`. Which other keys a step has is in the
/// list of steps; a key it does not have is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepOfField {
    pub step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub len: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_overflow: Option<String>,
}

/// A sample by name, which holds what goes in and what must come out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MapTest(pub String);
