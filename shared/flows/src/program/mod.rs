//! Documents made ready to be run: every expression, map, table and check compiled, every flow a list
//! of instructions. Made once for a release, then shared by all runs.

mod compile;
pub(crate) mod op;
mod read;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Document, Kind};
use crate::expr::Expression;
use crate::outcome::EffectName;
use crate::problem::Problem;
use crate::value::Value;
use op::Op;

pub use read::read;
pub use uses::uses;

#[derive(Debug)]
pub struct Program {
    pub(crate) flows: Vec<Flow>,
}

/// One flow.
#[derive(Debug)]
pub struct Flow {
    pub id: String,
    /// Facts any of which starts it; empty for flows started otherwise.
    pub facts: BTreeSet<String>,
    condition: Option<Expression>,
    ops: Vec<Op>,
    /// What it makes, when that does not depend on a list.
    pub effects: Vec<EffectName>,
}

/// The documents of a release, by kind and id.
pub type Documents = BTreeMap<(Kind, String), Document>;

impl Program {
    /// Compiles all flows, and what they use.
    ///
    /// # Errors
    /// Everything that is wrong, of all documents.
    pub fn compile(documents: &Documents) -> Result<Self, Vec<Problem>> {
        compile::program(documents)
    }

    /// The flows these facts start, in order of their ids; `values` are what conditions see.
    ///
    /// # Errors
    /// In words, when a condition cannot be evaluated.
    pub fn started_by(
        &self,
        facts: &BTreeSet<String>,
        values: &BTreeMap<String, Value>,
    ) -> Result<Vec<usize>, String> {
        let mut started = Vec::new();
        for (index, flow) in self.flows.iter().enumerate() {
            if flow.facts.is_disjoint(facts) {
                continue;
            }
            let holds = match &flow.condition {
                None => Value::Bool(true),
                Some(condition) => condition
                    .evaluate(values)
                    .map_err(|error| format!("{}: trigger.where: {error}", flow.id))?,
            };
            if holds == Value::Bool(true) {
                started.push(index);
            }
        }
        Ok(started)
    }

    #[must_use]
    pub fn flow(&self, index: usize) -> Option<&Flow> {
        self.flows.get(index)
    }

    #[must_use]
    pub fn named(&self, id: &str) -> Option<usize> {
        self.flows.iter().position(|flow| flow.id == id)
    }
}

impl Flow {
    pub(crate) fn ops(&self) -> &[Op] {
        &self.ops
    }
}
