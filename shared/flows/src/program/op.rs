//! A flow as a list of instructions: blocks became jumps, so that a run is a position and values.

use std::sync::Arc;

use domain::exception::ReasonCode;

use crate::action::Action;
use crate::expr::Expression;
use crate::mapping::Mapping;
use crate::value::Value;
use crate::verify::Verification;

/// A position in the list.
pub(crate) type Place = usize;

#[derive(Debug)]
pub(crate) enum Op {
    /// Goes there unless the condition is true.
    Unless {
        step: Step,
        condition: Expression,
        to: Place,
        skips: bool,
    },
    Go(Place),
    Call {
        step: Step,
        action: &'static Action,
        input: Vec<(String, Input)>,
    },
    Make {
        step: Step,
        kind: String,
        mapping: Arc<Mapping>,
        with: Vec<(String, Input)>,
    },
    Map {
        step: Step,
        mapping: Arc<Mapping>,
        with: Vec<(String, Input)>,
    },
    Set {
        step: Step,
        values: Vec<(String, Expression)>,
    },
    Cancel {
        step: Step,
        kind: String,
    },
    Verify {
        step: Step,
        check: Arc<Verification>,
        with: Vec<(String, Input)>,
    },
    Hold {
        step: Step,
        reason: ReasonCode,
        evidence: Option<Input>,
    },
    Tell {
        step: Step,
        what: String,
        with: Vec<(String, Input)>,
    },
    Approve {
        step: Step,
        role: String,
        four_eyes: Option<Expression>,
    },
    WaitFor {
        step: Step,
        fact: String,
    },
    WaitUntil {
        step: Step,
        until: Expression,
    },
    /// Takes the list's elements one by one up to [`Op::Again`].
    Each {
        step: Step,
        list: Expression,
        name: String,
        key: Expression,
        limit: u32,
        end: Place,
    },
    Again,
    /// A failure from here to [`Op::Tried`] leads to the place.
    Try {
        catch: Place,
    },
    Tried,
    /// Values of its own, up to [`Op::Leave`].
    Enter {
        step: Step,
        with: Vec<(String, Input)>,
    },
    Leave,
}

/// Which step an instruction is of, and what its failure leads to.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub id: Arc<str>,
    /// The effect that is held when it fails.
    pub effect: Option<Arc<str>>,
    /// The reason for what fails without one of its own.
    pub otherwise: ReasonCode,
    pub notify: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Input {
    Value(Value),
    Expression(Expression),
}

impl Op {
    /// The step whose failure this is, where it can fail.
    pub(crate) fn step(&self) -> Option<&Step> {
        match self {
            Self::Call { step, .. }
            | Self::Make { step, .. }
            | Self::Map { step, .. }
            | Self::Set { step, .. }
            | Self::Cancel { step, .. }
            | Self::Verify { step, .. }
            | Self::Hold { step, .. }
            | Self::Tell { step, .. }
            | Self::Approve { step, .. }
            | Self::WaitFor { step, .. }
            | Self::WaitUntil { step, .. }
            | Self::Each { step, .. }
            | Self::Unless { step, .. }
            | Self::Enter { step, .. } => Some(step),
            Self::Go(_) | Self::Again | Self::Try { .. } | Self::Tried | Self::Leave => None,
        }
    }
}
