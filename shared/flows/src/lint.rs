//! What can be said of flows without running them, beyond what does not compile: steps nobody comes to,
//! ids that clash, failures that lead nowhere.

mod parts;
mod sheet;
mod step;
mod twice;

use std::collections::BTreeSet;

use crate::action;
use crate::document::{Case, Document, Flow, Step, Trigger};
use crate::entity;
use crate::problem::Problem;
use crate::program::Documents;
use sheet::{Sheet, is_id};

/// Names that mean something in every expression, or in a `catch`.
const WORDS: &[&str] = &["and", "or", "not", "in", "true", "false", "null", "error"];

/// All that is wrong with the documents' shape.
#[must_use]
pub fn problems(documents: &Documents) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in documents.values() {
        let head = document.head();
        let mut sheet = Sheet::of(document);
        if !is_id(&head.id, &['-']) {
            let message = format!("`{}`: small letters, digits and `-`, a letter first", head.id);
            sheet.add("document.id", "ID_WRONG", message);
        }
        match document {
            Document::Flow(flow) => {
                let given = action::given(&flow.trigger);
                let given = given.into_iter().map(|(name, _)| name).collect();
                let mut found = Found { flow, given, ids: BTreeSet::new(), sheet: &mut sheet };
                found.trigger(&flow.trigger);
                found.block("do", &flow.steps, false);
                twice::check(flow, documents, &mut sheet);
            }
            Document::Map(map) => parts::map(map, &mut sheet),
            Document::Table(table) => parts::table(table, &mut sheet),
            Document::Check(check) => parts::check(check, &mut sheet),
        }
        problems.extend(sheet.problems);
    }
    problems
}

struct Found<'f, 'a> {
    flow: &'a Flow,
    /// What the flow sees from its beginning.
    given: Vec<&'static str>,
    ids: BTreeSet<&'a str>,
    sheet: &'f mut Sheet,
}

impl<'a> Found<'_, 'a> {
    fn trigger(&mut self, trigger: &Trigger) {
        let kinds = [
            !trigger.fact.is_empty(),
            trigger.schedule.is_some(),
            trigger.poll.is_some(),
            trigger.event.is_some(),
            trigger.manual,
        ];
        if kinds.into_iter().filter(|there| *there).count() != 1 {
            let message = "say one of `fact`, `schedule`, `poll`, `event` and `manual`";
            self.sheet.add("trigger", "TRIGGER_WRONG", message);
        }
        if let Some(name) = &trigger.event
            && action::event(name).is_none()
        {
            let known = action::events().iter().map(|event| event.name.as_str());
            let message = format!("there is no event `{name}`{}", action::instead(name, known));
            self.sheet.add("trigger.event", "EVENT_UNKNOWN", message);
        }
        if let Some(name) = &trigger.poll
            && entity::find(name).is_none()
        {
            self.sheet.add("trigger.poll", "ENTITY_UNKNOWN", entity::unknown(name));
        }
        if self.flow.steps.is_empty() {
            self.sheet.add("do", "STEP_KIND", "a flow has one step at least");
        }
    }

    /// `caught`: a failure leads to the `catch` around it.
    fn block(&mut self, path: &str, steps: &'a [Step], caught: bool) {
        let mut ended: Option<&str> = None;
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(by) = ended {
                let message = format!("the step `{by}` before it always ends the flow");
                self.sheet.add(&path, "STEP_UNREACHABLE", message);
            }
            self.step(&path, step, caught);
            if ends(step) {
                ended = ended.or(Some(&step.id));
            }
        }
    }

    fn step(&mut self, path: &str, step: &'a Step, caught: bool) {
        self.name(&format!("{path}.id"), &step.id, true);
        step::check(path, step, self.given.contains(&"facts"), self.sheet);
        let fails = step.call.is_some() || step.effect.is_some() || step.map.is_some();
        if fails && step.on_error.is_none() && !caught {
            let message = format!("`{}` can fail: say `on_error`, or put it in a `try`", step.id);
            self.sheet.add(path, "NO_ERROR_ROUTE", message);
        }
        for (index, case) in step.switch.iter().enumerate() {
            let path = format!("{path}.switch[{index}]");
            let before = step.switch.get(..index).unwrap_or_default();
            if before.iter().any(|case| case.when.is_none()) {
                let message = "the case before it has no `when`, and is always taken".to_owned();
                self.sheet.add(&path, "STEP_UNREACHABLE", message);
            }
            self.block(&format!("{path}.do"), &case.steps, caught);
        }
        if let Some(each) = &step.for_each {
            self.name(&format!("{path}.for.as"), &each.name, false);
            step::for_each(path, each, self.sheet);
            self.block(&format!("{path}.for.do"), &each.steps, caught);
        }
        self.block(&format!("{path}.try"), &step.attempt, true);
        self.block(&format!("{path}.catch"), &step.catch, caught);
    }

    /// What expressions call something by: a hyphen there would be a minus. The name of a loop is
    /// forgotten after it.
    fn name(&mut self, path: &str, name: &'a str, stays: bool) {
        if !is_id(name, &['_']) {
            let message = format!("`{name}`: small letters, digits and `_`, a letter first");
            self.sheet.add(path, "STEP_ID_WRONG", message);
        } else if WORDS.contains(&name) || self.given.contains(&name) {
            let message = format!("`{name}` means something else already: choose another name");
            self.sheet.add(path, "ID_RESERVED", message);
        } else if self.ids.contains(name) {
            let message = format!("another step is called `{name}`");
            self.sheet.add(path, "STEP_ID_TWICE", message);
        } else if stays {
            self.ids.insert(name);
        }
    }
}

/// Nothing after it is ever done.
fn ends(step: &Step) -> bool {
    if step.when.is_some() {
        return false;
    }
    let any = |steps: &[Step]| steps.iter().any(ends);
    let all = |case: &Case| any(&case.steps);
    let closed = step.switch.iter().any(|case| case.when.is_none());
    step.hold.is_some()
        || (closed && step.switch.iter().all(all))
        || (any(&step.attempt) && any(&step.catch))
}

#[cfg(test)]
mod tests;
