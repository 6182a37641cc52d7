//! `sample/v1`: what a flow, or a map alone, must decide in one case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub document: SampleHead,
    /// Another sample that this one is like: what is given and answered here is laid over it, field by
    /// field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// The flow that is run; exactly one of `flow` and `map`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The map that is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
    /// What is there to begin with, by name: `transaction`, `facts`, `merchant`, `run`, ... Amounts stand
    /// in quotes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, Value>,
    /// What the calls answer, by the id of their step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Answered>,
    pub expect: Expect,
}

/// What it is, in its first key `document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleHead {
    pub kind: SampleKind,
    /// Never changes: lower case letters, digits and hyphens.
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SampleKind {
    #[serde(rename = "sample/v1")]
    Sample,
}

/// Exactly one of `value` and `fail`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answered {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The reason code the call says no with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

/// Everything that must come out. What is not named must not happen; fields that are not named are not
/// looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<ExpectedEffect>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<ExpectedHold>,
    /// Kinds of effects that must not come to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cancels: Vec<String>,
    /// Events and `notify:route`, in the order in which they are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emits: Vec<String>,
    /// What a wait is for: a fact's name, or a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// Of a map alone: the fields it makes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
    /// Of a map alone: the field that cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedEffect {
    pub kind: String,
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub ordinal: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedHold {
    /// The effect that is held; absent where the flow makes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub reason: String,
    /// What the person is shown; not looked at when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_first(ordinal: &u32) -> bool {
    *ordinal == 1
}

impl Sample {
    /// # Errors
    /// In words, with line and column.
    pub fn read(text: &str) -> Result<Self, String> {
        let sample: Self = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if sample.flow.is_some() == sample.map.is_some() {
            return Err("a sample is of one `flow` or of one `map`".to_owned());
        }
        let twofold = sample.answers.iter().find(|(_, a)| a.value.is_some() == a.fail.is_some());
        match twofold {
            Some((step, _)) => Err(format!("answers.{step}: give either `value` or `fail`")),
            None => Ok(sample),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "document: {kind: sample/v1, id: a}\nflow: refund\ngiven:\n  transaction: \
                        {amount: \"1.00\"}\nanswers:\n  customer: {fail: customer_not_found}\n\
                        expect:\n  effects: [{kind: sage300.refund}]\n";

    #[test]
    fn a_sample_is_of_one_thing_and_its_answers_are_one_thing() {
        let sample = Sample::read(TEXT).unwrap();
        assert_eq!(sample.given["transaction"].at("amount").text(), Some("1.00"));
        assert_eq!(sample.expect.effects[0].ordinal, 1);
        let both = TEXT.replace("flow: refund", "flow: refund\nmap: b");
        assert!(Sample::read(&both).unwrap_err().contains("one `flow`"));
        let neither = TEXT.replace("fail: customer_not_found", "evidence: x");
        assert!(Sample::read(&neither).unwrap_err().contains("answers.customer"));
    }

    #[test]
    fn amounts_are_no_binary_fractions() {
        let bare = TEXT.replace("\"1.00\"", "1.5");
        assert!(Sample::read(&bare).unwrap_err().contains("in quotes"), "{bare}");
    }
}
