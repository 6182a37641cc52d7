//! A run of a flow, without I/O: it says which call it needs, is given the answer, and goes on.
//!
//! 1. [`Run::advance`] works through the instructions up to a call, or to the end
//! 2. the host performs the call and gives its [`Answer`]
//! 3. at the end there is an [`Outcome`]: what must exist, what is held and why
//!
//! Nothing is recorded on the way: a run that is interrupted is begun anew, and decides the same
//! from the same answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::exception::ReasonCode;
use domain::money::Money;

use crate::action::Action;
use crate::expr::Expression;
use crate::mapping::{Failure, Mapping};
use crate::money;
use crate::normal::Doubt;
use crate::outcome::{Done, EffectName, Held, Made, Outcome, Told, Traced, Waiting};
use crate::program::op::{Input, Op, Place, Step};
use crate::program::{Flow, Program};
use crate::value::Value;

/// What a run begins with.
#[derive(Debug, Clone)]
pub struct Given {
    /// By name: `transaction`, `facts`, `merchant`, `company`, `run`.
    pub values: BTreeMap<String, Value>,
    /// What no map may change.
    pub expected: Expected,
}

/// Of the fact that started the flow.
#[derive(Debug, Clone)]
pub struct Expected {
    pub amount: Money,
    /// The transaction's id, from which every document's reference follows.
    pub transaction: String,
}

/// What the host is asked for.
#[derive(Debug)]
pub struct Call {
    pub step: String,
    pub action: &'static Action,
    pub input: Value,
}

/// What the host found. A call that got no useful answer is no answer: give the run up.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Found(Value),
    /// The business said no.
    Refused {
        reason: ReasonCode,
        evidence: String,
    },
}

#[derive(Debug)]
pub enum Next {
    Call(Call),
    Done(Box<Outcome>),
}

pub struct Run {
    program: Arc<Program>,
    flow: usize,
    at: Place,
    /// Innermost last; one for each flow entered.
    frames: Vec<BTreeMap<String, Value>>,
    loops: Vec<Loop>,
    guards: Vec<Guard>,
    expected: Expected,
    /// Who the last call that knows customers answered.
    customer: Option<String>,
    outcome: Outcome,
}

struct Loop {
    start: Place,
    frames: usize,
    rest: std::vec::IntoIter<(u32, Value)>,
    name: String,
    ordinal: u32,
    end: Place,
}

/// Where a failure leads, and how far what was entered since is left again.
struct Guard {
    catch: Place,
    frames: usize,
    loops: usize,
}

/// Where the work goes on.
enum Then {
    Next,
    Go(Place),
    Ask(Call),
    End,
}

/// A step that did not do what it was to do.
#[derive(Default)]
struct Trouble {
    reason: Option<ReasonCode>,
    evidence: String,
    doubt: Option<Box<Doubt>>,
}

impl Run {
    /// A run of the program's flow at that index.
    #[must_use]
    pub fn new(program: Arc<Program>, flow: usize, given: Given) -> Self {
        Self {
            program,
            flow,
            at: 0,
            frames: vec![given.values],
            loops: Vec::new(),
            guards: Vec::new(),
            expected: given.expected,
            customer: None,
            outcome: Outcome::default(),
        }
    }

    /// Goes on to the next call, or to the end.
    #[must_use]
    pub fn advance(&mut self) -> Next {
        let program = Arc::clone(&self.program);
        let ops = program.flows.get(self.flow).map(Flow::ops).unwrap_or_default();
        while let Some(op) = ops.get(self.at) {
            match self.perform(op) {
                Ok(Then::Next) => self.at += 1,
                Ok(Then::Go(place)) => self.at = place,
                Ok(Then::Ask(call)) => return Next::Call(call),
                Ok(Then::End) => break,
                Err(trouble) => self.fail(op, &trouble, ops.len()),
            }
        }
        self.at = ops.len();
        Next::Done(Box::new(std::mem::take(&mut self.outcome)))
    }

    /// What the call that [`Run::advance`] asked for came to.
    pub fn answer(&mut self, answer: Answer) {
        let program = Arc::clone(&self.program);
        let ops = program.flows.get(self.flow).map(Flow::ops).unwrap_or_default();
        let Some(op @ Op::Call { step, action, .. }) = ops.get(self.at) else { return };
        match answer {
            Answer::Found(value) => {
                if let Some(customer) = action.customer_in(&value) {
                    self.customer = Some(customer);
                }
                self.trace(step, Done::Answered(value.clone()));
                self.put(step.id.as_ref(), value);
                self.at += 1;
            }
            Answer::Refused { reason, evidence } => {
                let trouble = Trouble { reason: Some(reason), evidence, doubt: None };
                self.fail(op, &trouble, ops.len());
            }
        }
    }

    fn perform(&mut self, op: &Op) -> Result<Then, Trouble> {
        match op {
            Op::Unless { step, condition, to, skips } => self.unless(step, condition, *to, *skips),
            Op::Go(place) => Ok(Then::Go(*place)),
            Op::Call { step, action, input } => {
                let input = Value::Object(self.inputs(input)?);
                Ok(Then::Ask(Call { step: step.id.to_string(), action, input }))
            }
            Op::Make { step, kind, mapping, with } => self.make(step, kind, mapping, with),
            Op::Map { step, mapping, with } => {
                let value = self.mapped(mapping, with)?;
                self.trace(step, Done::Answered(value.clone()));
                self.put(&step.id, value);
                Ok(Then::Next)
            }
            Op::Set { step, values } => self.set(step, values),
            Op::Cancel { step, kind } => {
                let name = EffectName { kind: kind.clone(), ordinal: self.ordinal() };
                self.trace(step, Done::Cancelled(name.clone()));
                self.outcome.cancelled.push(name);
                Ok(Then::Next)
            }
            Op::Verify { step, check, with } => {
                let values = self.named(with)?;
                let notes = check.verify(&values).map_err(refused)?;
                self.put(&step.id, notes);
                Ok(Then::Next)
            }
            Op::Hold { reason, evidence, .. } => {
                let evidence = evidence.as_ref().map(|input| self.input(input)).transpose()?;
                let evidence = evidence.map(|value| value.to_string()).unwrap_or_default();
                Err(Trouble { reason: Some(*reason), evidence, doubt: None })
            }
            Op::Tell { step, what, with } => self.tell(step, what, with),
            Op::Approve { role, four_eyes, .. } => self.approve(role, four_eyes.as_ref()),
            Op::WaitFor { step, fact } => self.wait_for(step, fact),
            Op::WaitUntil { step, until } => self.wait_until(step, until),
            Op::Each { .. } | Op::Again => self.iterate(op),
            Op::Try { catch } => {
                let (frames, loops) = (self.frames.len(), self.loops.len());
                self.guards.push(Guard { catch: *catch, frames, loops });
                Ok(Then::Next)
            }
            Op::Tried => {
                self.guards.pop();
                Ok(Then::Next)
            }
            Op::Enter { with, .. } => {
                let values = self.inputs(with)?;
                self.frames.push(values);
                Ok(Then::Next)
            }
            Op::Leave => {
                self.frames.pop();
                Ok(Then::Next)
            }
        }
    }

    fn unless(
        &mut self,
        step: &Step,
        condition: &Expression,
        to: Place,
        skips: bool,
    ) -> Result<Then, Trouble> {
        if self.evaluate(condition)? == Value::Bool(true) {
            return Ok(Then::Next);
        }
        if skips {
            self.trace(step, Done::Skipped);
        }
        Ok(Then::Go(to))
    }

    fn make(
        &mut self,
        step: &Step,
        kind: &str,
        mapping: &Mapping,
        with: &[(String, Input)],
    ) -> Result<Then, Trouble> {
        let entity = self.mapped(mapping, with)?;
        let name = EffectName { kind: kind.to_owned(), ordinal: self.ordinal() };
        let four = money::Four {
            amount: self.expected.amount,
            customer: self.customer.as_deref(),
            reference: &crate::action::reference(&self.expected.transaction, &name),
        };
        four.stand_in(mapping.target(), &entity).map_err(refused)?;
        self.trace(step, Done::Made(name.clone()));
        self.put(&step.id, entity.clone());
        self.outcome.made.push(Made { step: step.id.to_string(), name, entity });
        Ok(Then::Next)
    }

    fn set(&mut self, step: &Step, values: &[(String, Expression)]) -> Result<Then, Trouble> {
        let mut fields = BTreeMap::new();
        for (name, expression) in values {
            fields.insert(name.clone(), self.evaluate(expression)?);
        }
        let value = Value::Object(fields);
        self.trace(step, Done::Answered(value.clone()));
        self.put(&step.id, value);
        Ok(Then::Next)
    }

    fn tell(&mut self, step: &Step, what: &str, with: &[(String, Input)]) -> Result<Then, Trouble> {
        let with = Value::Object(self.inputs(with)?);
        self.trace(step, Done::Told(what.to_owned()));
        self.outcome.told.push(Told { step: step.id.to_string(), what: what.to_owned(), with });
        Ok(Then::Next)
    }

    /// A person's release is one yes; nobody gives two yet, so that what needs two stays held.
    fn approve(&mut self, role: &str, four_eyes: Option<&Expression>) -> Result<Then, Trouble> {
        let released = self.value("run").at("released") == &Value::Bool(true);
        let two = match four_eyes {
            Some(limit) => {
                let limit = self.evaluate(limit)?;
                limit.number().is_none_or(|limit| limit < self.expected.amount.to_decimal())
            }
            None => false,
        };
        if released && !two {
            return Ok(Then::Next);
        }
        let people = if two { "two persons" } else { "a person" };
        let amount = self.expected.amount;
        let evidence = format!("{amount} needs the yes of {people} with the role `{role}`");
        Err(Trouble { reason: Some(ReasonCode::HeldByPerson), evidence, doubt: None })
    }

    fn wait_for(&mut self, step: &Step, fact: &str) -> Result<Then, Trouble> {
        if !self.value("facts").at(fact).is_null() {
            return Ok(Then::Next);
        }
        self.trace(step, Done::Waits);
        self.outcome.waiting = Some(Waiting::Fact(fact.to_owned()));
        Ok(Then::End)
    }

    fn wait_until(&mut self, step: &Step, until: &Expression) -> Result<Then, Trouble> {
        let (until, now) = (self.evaluate(until)?, self.value("run").at("now").clone());
        match (until, now) {
            (Value::Time(until), Value::Time(now)) if until > now => {
                self.trace(step, Done::Waits);
                self.outcome.waiting = Some(Waiting::Until(until));
                Ok(Then::End)
            }
            (Value::Time(_), Value::Time(_)) => Ok(Then::Next),
            (other, _) => {
                Err(Trouble { evidence: format!("`{other}` is no time"), ..Trouble::default() })
            }
        }
    }

    fn iterate(&mut self, op: &Op) -> Result<Then, Trouble> {
        if let Op::Each { list, name, key, limit, end, .. } = op {
            let rest = self.elements(list, name, key, *limit)?.into_iter();
            let (start, name, frames) = (self.at + 1, name.clone(), self.frames.len());
            self.loops.push(Loop { start, frames, rest, name, ordinal: 1, end: *end });
        }
        let Some(innermost) = self.loops.last_mut() else { return Ok(Then::Next) };
        let Some((ordinal, element)) = innermost.rest.next() else {
            let end = innermost.end;
            self.loops.pop();
            return Ok(Then::Go(end));
        };
        innermost.ordinal = ordinal;
        let (start, name) = (innermost.start, innermost.name.clone());
        self.put(&name, element);
        Ok(Then::Go(start))
    }

    /// The elements with their keys, each of its own.
    fn elements(
        &mut self,
        list: &Expression,
        name: &str,
        key: &Expression,
        limit: u32,
    ) -> Result<Vec<(u32, Value)>, Trouble> {
        let wrong = |evidence: String| Trouble { evidence, ..Trouble::default() };
        let Value::List(items) = self.evaluate(list)? else {
            return Err(wrong("what `for` goes through is no list".to_owned()));
        };
        if u32::try_from(items.len()).is_ok_and(|count| count > limit) {
            return Err(wrong(format!("{} elements; at most {limit} are done", items.len())));
        }
        let mut keyed: Vec<(u32, Value)> = Vec::with_capacity(items.len());
        for item in items {
            self.put(name, item.clone());
            let ordinal = match self.evaluate(key)? {
                Value::Number(number) => u32::try_from(number).ok().filter(|n| *n > 0),
                _ => None,
            };
            let ordinal = ordinal.ok_or_else(|| wrong("a key is not 1, 2, 3 ...".to_owned()))?;
            if keyed.iter().any(|(taken, _)| *taken == ordinal) {
                return Err(wrong(format!("two elements have the key {ordinal}")));
            }
            keyed.push((ordinal, item));
        }
        Ok(keyed)
    }

    /// A failure leads to the `catch` around it; else its effect is held, and the element, or the
    /// flow, is done with.
    fn fail(&mut self, op: &Op, trouble: &Trouble, end: Place) {
        let Some(step) = op.step() else {
            self.at = end;
            return;
        };
        let reason = trouble.reason.unwrap_or(step.otherwise);
        let evidence = trouble.evidence.clone();
        self.trace(step, Done::Failed { reason, evidence: evidence.clone() });
        if let Some(guard) = self.guards.pop() {
            self.frames.truncate(guard.frames);
            self.loops.truncate(guard.loops);
            let error = [
                ("reason".to_owned(), Value::Text(reason.code().to_owned())),
                ("evidence".to_owned(), Value::Text(evidence)),
            ];
            self.put("error", Value::Object(error.into()));
            self.at = guard.catch;
            return;
        }
        let ordinal = self.ordinal();
        let name = step.effect.as_ref();
        self.outcome.held.push(Held {
            step: step.id.to_string(),
            name: name.map(|kind| EffectName { kind: kind.to_string(), ordinal }),
            reason,
            evidence,
            notify: step.notify.clone(),
            doubt: trouble.doubt.clone(),
        });
        // The last instruction of a loop takes its next element.
        self.at = end;
        if let Some(innermost) = self.loops.last() {
            self.frames.truncate(innermost.frames);
            self.at = innermost.end.saturating_sub(1);
        }
    }

    fn ordinal(&self) -> u32 {
        self.loops.last().map_or(1, |innermost| innermost.ordinal)
    }

    fn mapped(&self, mapping: &Mapping, with: &[(String, Input)]) -> Result<Value, Trouble> {
        let mut values = self.named(with)?;
        if let Some(frame) = self.frames.last() {
            for name in mapping.inputs() {
                if let (false, Some(value)) = (values.contains_key(name), frame.get(name)) {
                    values.insert(name.to_owned(), value.clone());
                }
            }
        }
        mapping.apply(&values).map_err(refused)
    }

    fn named(&self, with: &[(String, Input)]) -> Result<BTreeMap<String, Value>, Trouble> {
        self.inputs(with)
    }

    fn inputs(&self, inputs: &[(String, Input)]) -> Result<BTreeMap<String, Value>, Trouble> {
        let mut values = BTreeMap::new();
        for (name, input) in inputs {
            values.insert(name.clone(), self.input(input)?);
        }
        Ok(values)
    }

    fn input(&self, input: &Input) -> Result<Value, Trouble> {
        match input {
            Input::Value(value) => Ok(value.clone()),
            Input::Expression(expression) => self.evaluate(expression),
        }
    }

    fn evaluate(&self, expression: &Expression) -> Result<Value, Trouble> {
        static NOTHING: BTreeMap<String, Value> = BTreeMap::new();
        let values = self.frames.last().unwrap_or(&NOTHING);
        expression
            .evaluate(values)
            .map_err(|error| Trouble { evidence: error.to_string(), ..Trouble::default() })
    }

    fn value(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.frames.last().and_then(|frame| frame.get(name)).unwrap_or(&NULL)
    }

    fn put(&mut self, name: &str, value: Value) {
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name.to_owned(), value);
        }
    }

    fn trace(&mut self, step: &Step, what: Done) {
        self.outcome.trace.push(Traced { step: step.id.to_string(), what });
    }
}

fn refused(failure: Failure) -> Trouble {
    let evidence = if failure.field.is_empty() {
        failure.message
    } else {
        format!("{}: {}", failure.field, failure.message)
    };
    Trouble { reason: failure.reason, evidence, doubt: failure.doubt }
}
