//! A flow's sample with everything at hand: to be run once, or many times to see what that costs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Trial, Whole, answer, given, starts};
use crate::action;
use crate::document::{Document, Kind};
use crate::outcome::Outcome;
use crate::program::Program;
use crate::run::{Answer, Given, Next, Run};
use crate::value::Value;

pub struct Prepared {
    program: Arc<Program>,
    flow: usize,
    /// Absent when the sample's facts do not start the flow.
    begin: Option<Given>,
    answers: BTreeMap<String, Result<Answer, String>>,
}

impl Trial<'_> {
    /// The sample of a flow, ready to be run.
    ///
    /// # Errors
    /// In words, when it cannot be run.
    pub fn prepare(&self, id: &str) -> Result<Prepared, String> {
        let whole = self.whole(id)?;
        let flow = whole.own.flow.as_deref().ok_or("the sample is of no flow")?;
        self.prepared(&whole, flow)
    }

    pub(super) fn prepared(&self, whole: &Whole<'_>, id: &str) -> Result<Prepared, String> {
        let Some(Document::Flow(flow)) = self.documents.get(&(Kind::Flow, id.to_owned())) else {
            return Err(format!("there is no flow `{id}`"));
        };
        let index = self.program.named(id).ok_or_else(|| format!("`{id}` is not compiled"))?;
        let names: BTreeMap<&str, &str> = action::given(&flow.trigger).into_iter().collect();
        let values = given::typed(whole, &names)?;
        let begin = match starts(flow, &values)? {
            false => None,
            true => {
                let expected = given::expected(&flow.trigger, &values)?;
                Some(Given { values, expected })
            }
        };
        let calls = super::calls(&flow.steps);
        let answers = calls.into_iter().filter_map(|(step, name)| {
            let action = action::find(name)?;
            Some((step.to_owned(), answer(whole, step, action)))
        });
        let program = Arc::clone(&self.program);
        Ok(Prepared { program, flow: index, begin, answers: answers.collect() })
    }
}

impl Prepared {
    /// What the flow decides.
    ///
    /// # Errors
    /// In words, when a step calls something the sample says no answer for.
    pub fn decide(&self) -> Result<Box<Outcome>, String> {
        let Some(begin) = &self.begin else { return Ok(Box::default()) };
        let mut run = Run::new(Arc::clone(&self.program), self.flow, begin.clone());
        loop {
            match run.advance() {
                Next::Done(outcome) => return Ok(outcome),
                Next::Call(call) => {
                    let known = self.answers.get(&call.step).cloned();
                    let none = || Err(format!("nothing answers the step `{}`", call.step));
                    run.answer(known.unwrap_or_else(none)?);
                }
            }
        }
    }

    /// How many fields the flow is given, at any depth.
    #[must_use]
    pub fn fields_given(&self) -> usize {
        self.begin.iter().flat_map(|begin| begin.values.values()).map(leaves).sum()
    }
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(leaves).sum(),
        Value::List(items) => items.iter().map(leaves).sum(),
        _ => 1,
    }
}
