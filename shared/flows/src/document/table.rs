//! `table/v1`: a lookup (one key) or a decision table (conditions on several inputs; the first row
//! that fits answers).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Head;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub document: Head,
    /// By the name used in rows: what is compared.
    pub inputs: BTreeMap<String, Input>,
    /// By the name used in rows: what comes out.
    pub outputs: BTreeMap<String, Column>,
    pub rows: Vec<Row>,
    #[serde(default)]
    pub on_no_match: OnNoMatch,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Path of the value in what the table is asked with; a lookup's one input is its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `text`, `amount`, `number`, `date`, `bool`.
    #[serde(rename = "type")]
    pub of: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    #[serde(rename = "type")]
    pub of: String,
}

/// One rule. An input that is not named, or is empty, fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Never changes.
    pub id: String,
    /// By input: a unary test such as `"visa"`, `> 100`, `in ["visa", "mc"]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, String>,
    /// By output: an expression, so that a binding (`merchant.bank`) may be named; plain text is
    /// quoted (`"'CCARD'"`).
    pub then: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnNoMatch {
    /// The item is held; the reason is that of the step which asked.
    #[default]
    Hold,
    /// Null.
    Empty,
}
