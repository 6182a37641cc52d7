//! The four kinds of documents as they are written. Field order here is the canonical order.

mod check;
mod flow;
mod map;
mod sample;
mod table;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{Check, Rule, Severity};
pub use flow::{
    Approve, Argument, Case, Flow, ForEach, Literal, OnError, Retry, Step, Trigger, Wait,
};
pub use map::{Each, Field, Map, MapTest, OnMiss, Source, StepOfField};
pub use sample::{Answered, Expect, ExpectedEffect, ExpectedHold, Sample, SampleHead, SampleKind};
pub use table::{Column, Input, OnNoMatch, Row, Table};

/// What a document is, in its first key `document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub kind: Kind,
    /// Never changes: lower case letters, digits and hyphens.
    pub id: String,
    /// For people; may change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Kind {
    #[serde(rename = "flow/v1")]
    Flow,
    #[serde(rename = "map/v1")]
    Map,
    #[serde(rename = "table/v1")]
    Table,
    #[serde(rename = "check/v1")]
    Check,
}

impl Kind {
    /// The folder its documents are kept in.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Flow => "flows",
            Self::Map => "maps",
            Self::Table => "tables",
            Self::Check => "checks",
        }
    }
}

/// Any of the four.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    Flow(Flow),
    Map(Map),
    Table(Table),
    Check(Check),
}

impl Document {
    #[must_use]
    pub fn head(&self) -> &Head {
        match self {
            Self::Flow(flow) => &flow.document,
            Self::Map(map) => &map.document,
            Self::Table(table) => &table.document,
            Self::Check(check) => &check.document,
        }
    }
}
