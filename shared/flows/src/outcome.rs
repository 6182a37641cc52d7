//! What a run decided.

use domain::exception::ReasonCode;
use jiff::Timestamp;

use crate::normal::Doubt;
use crate::value::Value;

/// One document of a payment: what kind of effect, and which of several of that kind (from 1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectName {
    /// `sage300.receipt`.
    pub kind: String,
    pub ordinal: u32,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    pub made: Vec<Made>,
    pub held: Vec<Held>,
    pub cancelled: Vec<EffectName>,
    pub told: Vec<Told>,
    /// The flow did not come to its end: it goes on when this is so.
    pub waiting: Option<Waiting>,
    /// Step by step, in the order in which they were done.
    pub trace: Vec<Traced>,
}

/// A document that must exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub step: String,
    pub name: EffectName,
    /// The map's fields, as the target entity has them.
    pub entity: Value,
}

/// A document that must exist and cannot be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub step: String,
    /// Absent when the flow has no effect at all.
    pub name: Option<EffectName>,
    pub reason: ReasonCode,
    pub evidence: String,
    /// Who is told as well.
    pub notify: Option<String>,
    /// The value a person must look at, when it is that.
    pub doubt: Option<Box<Doubt>>,
}

/// Something said to the outside or to people.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub step: String,
    /// An event's name, or `notify:route`.
    pub what: String,
    pub with: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    Until(Timestamp),
    /// A fact that is not stated yet.
    Fact(String),
}

/// A step that was come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    pub step: String,
    pub what: Done,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// Left out: its condition was not true.
    Skipped,
    Answered(Value),
    Failed {
        reason: ReasonCode,
        evidence: String,
    },
    Made(EffectName),
    Cancelled(EffectName),
    Told(String),
    Held(ReasonCode),
    Waits,
}
