//! Trying documents on samples: a flow is run with the answers a sample gives, a map is applied, and
//! what came out is compared with what the sample expects.

mod compare;
mod given;
mod prepared;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::exception::ReasonCode;

use crate::action::{self, Action};
use crate::document::{Answered, Document, Flow, Kind, Map, Sample, Step};
use crate::entity::Type;
use crate::expr::Expression;
use crate::mapping::Mapping;
use crate::outcome::Outcome;
use crate::program::{Documents, Program};
use crate::run::Answer;
use crate::value::Value;

pub use prepared::Prepared;

/// Documents, and the samples they are tried on.
pub struct Trial<'a> {
    pub documents: &'a Documents,
    pub program: Arc<Program>,
    pub samples: &'a BTreeMap<String, Sample>,
}

/// What is not as the sample expects, in words; nothing when all is.
pub type Differences = Vec<String>;

/// What a sample comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Tried {
    Flow(Box<Outcome>),
    /// The fields a map made, or the one it could not make and why.
    Map(Result<Value, (String, String)>),
}

/// A sample with what it is like laid under it.
pub(crate) struct Whole<'a> {
    pub own: &'a Sample,
    pub given: Value,
    pub answers: BTreeMap<String, Answered>,
}

impl Trial<'_> {
    /// Runs the sample and compares.
    ///
    /// # Errors
    /// In words, when the sample cannot be run: it names what is not there.
    pub fn check(&self, id: &str) -> Result<Differences, String> {
        let whole = self.whole(id)?;
        let tried = self.perform(&whole)?;
        compare::with(&whole.own.expect, &tried)
    }

    /// What the sample comes to.
    ///
    /// # Errors
    /// In words, when the sample cannot be run.
    pub fn run(&self, id: &str) -> Result<Tried, String> {
        self.perform(&self.whole(id)?)
    }

    fn perform(&self, whole: &Whole<'_>) -> Result<Tried, String> {
        match (&whole.own.flow, &whole.own.map) {
            (Some(flow), _) => self.prepared(whole, flow)?.decide().map(Tried::Flow),
            (None, Some(map)) => self.map(whole, map),
            (None, None) => Err("a sample is of one `flow` or of one `map`".to_owned()),
        }
    }

    fn map(&self, whole: &Whole<'_>, id: &str) -> Result<Tried, String> {
        let Some(Document::Map(map)) = self.documents.get(&(Kind::Map, id.to_owned())) else {
            return Err(format!("there is no map `{id}`"));
        };
        let mapping =
            Mapping::compile(map, self.documents).map_err(|problems| listed(&problems))?;
        let values = given::typed(whole, &inputs(map, &mapping))?;
        let made = mapping.apply(&values);
        Ok(Tried::Map(made.map_err(|failure| (failure.field, failure.message))))
    }

    fn whole(&self, id: &str) -> Result<Whole<'_>, String> {
        /// Samples that are like each other in a row.
        const ALIKE_MAX: usize = 8;
        let (mut chain, mut next) = (Vec::new(), Some(id));
        while let Some(id) = next {
            let sample =
                self.samples.get(id).ok_or_else(|| format!("there is no sample `{id}`"))?;
            chain.push(sample);
            if chain.len() > ALIKE_MAX {
                return Err(format!("more than {ALIKE_MAX} samples are like each other"));
            }
            next = sample.like.as_deref();
        }
        let own = chain.first().copied().ok_or_else(|| format!("there is no sample `{id}`"))?;
        let (mut given, mut answers) = (Value::object([]), BTreeMap::new());
        for sample in chain.iter().rev() {
            given = given::laid_over(given, Value::Object(sample.given.clone()));
            answers.extend(sample.answers.clone());
        }
        Ok(Whole { own, given, answers })
    }
}

/// What the map takes, and what its tables may ask for besides.
fn inputs<'a>(map: &'a Map, mapping: &Mapping) -> BTreeMap<&'a str, &'a str> {
    let mut names: BTreeMap<&str, &str> =
        map.from.iter().map(|(name, entity)| (name.as_str(), entity.as_str())).collect();
    for (name, entity) in action::GIVEN {
        if mapping.inputs().any(|input| input == *name) {
            names.entry(name).or_insert(entity);
        }
    }
    names
}

fn starts(flow: &Flow, values: &BTreeMap<String, Value>) -> Result<bool, String> {
    let stated = |fact: &String| values.get("facts").is_some_and(|facts| !facts.at(fact).is_null());
    if !flow.trigger.fact.is_empty() && !flow.trigger.fact.iter().any(stated) {
        return Ok(false);
    }
    let Some(condition) = &flow.trigger.condition else { return Ok(true) };
    let scope = given::scope(&flow.trigger);
    let condition = Expression::compile(condition, &scope, &Type::Bool)
        .map_err(|error| format!("trigger.where: {}", error.message))?;
    let holds = condition.evaluate(values).map_err(|error| format!("trigger.where: {error}"))?;
    Ok(holds == Value::Bool(true))
}

fn answer(whole: &Whole<'_>, step: &str, action: &Action) -> Result<Answer, String> {
    let given = whole.answers.get(step).ok_or_else(|| {
        format!("the step `{step}` calls `{}`: `answers.{step}` must say what for", action.name)
    })?;
    if let Some(code) = &given.fail {
        let reason = ReasonCode::ALL.iter().find(|reason| reason.code() == code).copied();
        let reason = reason.ok_or_else(|| format!("answers.{step}: no reason code `{code}`"))?;
        return Ok(Answer::Refused { reason, evidence: given.evidence.clone() });
    }
    let value = given.value.clone().unwrap_or_default();
    let value = action.output.read(value).map_err(|error| format!("answers.{step}: {error}"))?;
    Ok(Answer::Found(value))
}

/// Every step of the flow that calls something, by its id.
#[must_use]
pub fn calls(steps: &[Step]) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for step in steps {
        if let Some(call) = &step.call {
            found.insert(step.id.as_str(), call.as_str());
        }
        let cases = step.switch.iter().flat_map(|case| &case.steps);
        let looped = step.for_each.iter().flat_map(|each| &each.steps);
        for inner in cases.chain(looped).chain(&step.attempt).chain(&step.catch) {
            found.extend(calls(std::slice::from_ref(inner)));
        }
    }
    found
}

fn listed(problems: &[crate::problem::Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests;
