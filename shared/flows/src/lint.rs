//! What can be said of flows without running them, beyond what does not compile: steps nobody comes to,
//! ids that clash, failures that lead nowhere.

use std::collections::BTreeSet;

use crate::document::{Case, Document, Flow, Step, Trigger};
use crate::problem::Problem;
use crate::program::Documents;

/// All that is wrong with the flows' shape.
#[must_use]
pub fn problems(documents: &Documents) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in documents.values() {
        if let Document::Flow(flow) = document {
            let mut found = Found { flow, problems: Vec::new(), ids: BTreeSet::new() };
            found.trigger(&flow.trigger);
            found.block("do", &flow.steps, false);
            problems.append(&mut found.problems);
        }
    }
    problems
}

struct Found<'a> {
    flow: &'a Flow,
    problems: Vec<Problem>,
    ids: BTreeSet<&'a str>,
}

impl<'a> Found<'a> {
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
            self.problem("trigger", "TRIGGER_WRONG", message.to_owned());
        }
    }

    /// `caught`: a failure leads to the `catch` around it.
    fn block(&mut self, path: &str, steps: &'a [Step], caught: bool) {
        let mut ended: Option<&str> = None;
        for (index, step) in steps.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(by) = ended {
                let message = format!("the step `{by}` before it always ends the flow");
                self.problem(&path, "STEP_UNREACHABLE", message);
            }
            self.step(&path, step, caught);
            if ends(step) {
                ended = ended.or(Some(&step.id));
            }
        }
    }

    fn step(&mut self, path: &str, step: &'a Step, caught: bool) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = step.id.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || !step.id.chars().all(plain) {
            let message = format!("`{}`: small letters, digits and `_`, a letter first", step.id);
            self.problem(&format!("{path}.id"), "STEP_ID_WRONG", message);
        }
        if !self.ids.insert(&step.id) {
            let message = format!("another step is called `{}`", step.id);
            self.problem(&format!("{path}.id"), "STEP_ID_TWICE", message);
        }
        let kinds = kinds(step);
        if kinds.len() != 1 {
            let message = match kinds.as_slice() {
                [] => "it says nothing to do: `call`, `effect`, `map`, `set`, ...".to_owned(),
                several => format!("it says several things to do: {}", several.join(", ")),
            };
            self.problem(path, "STEP_KIND", message);
        }
        let fails = step.call.is_some() || step.effect.is_some() || step.map.is_some();
        if fails && step.on_error.is_none() && !caught {
            let message = format!("`{}` can fail: say `on_error`, or put it in a `try`", step.id);
            self.problem(path, "NO_ERROR_ROUTE", message);
        }
        for (index, case) in step.switch.iter().enumerate() {
            let path = format!("{path}.switch[{index}]");
            let before = step.switch.get(..index).unwrap_or_default();
            if before.iter().any(|case| case.when.is_none()) {
                let message = "the case before it has no `when`, and is always taken".to_owned();
                self.problem(&path, "STEP_UNREACHABLE", message);
            }
            self.block(&format!("{path}.do"), &case.steps, caught);
        }
        if let Some(each) = &step.for_each {
            self.block(&format!("{path}.for.do"), &each.steps, caught);
        }
        self.block(&format!("{path}.try"), &step.attempt, true);
        self.block(&format!("{path}.catch"), &step.catch, caught);
    }

    fn problem(&mut self, path: &str, code: &'static str, message: String) {
        self.problems.push(Problem {
            document: format!("flows/{}", self.flow.document.id),
            path: path.to_owned(),
            position: None,
            code,
            message,
        });
    }
}

/// Nothing after it is ever done.
fn ends(step: &Step) -> bool {
    if step.when.is_some() {
        return false;
    }
    let all = |case: &Case| case.steps.iter().any(ends);
    let closed = step.switch.iter().any(|case| case.when.is_none());
    step.hold.is_some() || (closed && step.switch.iter().all(all))
}

/// What it is, by the keys it has. An effect's `map` is no step of its own.
fn kinds(step: &Step) -> Vec<&'static str> {
    let there = [
        ("call", step.call.is_some()),
        ("effect", step.effect.is_some()),
        ("cancel", step.cancel.is_some()),
        ("map", step.map.is_some() && step.effect.is_none()),
        ("set", !step.set.is_empty()),
        ("switch", !step.switch.is_empty()),
        ("validate", step.validate.is_some()),
        ("for", step.for_each.is_some()),
        ("try", !step.attempt.is_empty()),
        ("hold", step.hold.is_some()),
        ("approve", step.approve.is_some()),
        ("wait", step.wait.is_some()),
        ("emit", step.emit.is_some()),
        ("notify", step.notify.is_some()),
        ("run", step.run.is_some()),
    ];
    there.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::problems;

    fn codes(trigger: &str, steps: &str) -> Vec<&'static str> {
        let text =
            format!("document: {{kind: flow/v1, id: a}}\ntrigger: {{{trigger}}}\ndo: [{steps}]\n");
        let files = BTreeMap::from([("flows/a.yaml".to_owned(), text)]);
        let documents = crate::program::read(&files).unwrap_or_else(|p| panic!("{p:?}"));
        problems(&documents).into_iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn the_shipped_flows_are_in_order() {
        let documents = crate::program::read(&crate::shipped::files()).unwrap();
        let found: Vec<String> = problems(&documents).iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn each_kind_of_problem() {
        let fact = "fact: [captured]";
        let one = "{id: one, notify: finance}";
        assert!(codes(fact, one).is_empty());
        assert_eq!(codes("", one), ["TRIGGER_WRONG"]);
        assert_eq!(codes("fact: [captured], manual: true", one), ["TRIGGER_WRONG"]);
        assert_eq!(codes(fact, "{id: One, notify: finance}"), ["STEP_ID_WRONG"]);
        assert_eq!(codes(fact, &format!("{one}, {one}")), ["STEP_ID_TWICE"]);
        assert_eq!(codes(fact, "{id: one}"), ["STEP_KIND"]);
        assert_eq!(codes(fact, "{id: one, notify: finance, hold: bank_unknown}"), ["STEP_KIND"]);
        assert_eq!(codes(fact, "{id: one, call: x}"), ["NO_ERROR_ROUTE"]);
        assert!(codes(fact, "{id: one, try: [{id: two, call: x}]}").is_empty());
        let after = format!("{{id: end, hold: bank_unknown}}, {one}");
        assert_eq!(codes(fact, &after), ["STEP_UNREACHABLE"]);
        let both = "{id: s, switch: [{do: [{id: t, hold: bank_unknown}]}, {when: 'true', do: []}]}";
        assert_eq!(codes(fact, both), ["STEP_UNREACHABLE"]);
        let when = format!("{{id: end, when: 'true', hold: bank_unknown}}, {one}");
        assert!(codes(fact, &when).is_empty());
    }
}
