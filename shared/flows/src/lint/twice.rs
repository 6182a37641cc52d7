//! Effects that would be made twice under one name. An effect's name is its kind and a number: 1, or the
//! key of the `for` around it. The second of a name would be taken for the first.

use std::collections::BTreeSet;

use super::Sheet;
use crate::document::{Document, Flow, Kind, Step};
use crate::program::Documents;

pub(super) fn check(flow: &Flow, documents: &Documents, sheet: &mut Sheet) {
    let mut walk = Walk { documents, sheet, within: vec![flow.document.id.as_str()] };
    walk.block("do", &flow.steps, &mut BTreeSet::new());
}

struct Walk<'f, 'a> {
    documents: &'a Documents,
    sheet: &'f mut Sheet,
    /// Flows that are gone through, each run by the one before.
    within: Vec<&'a str>,
}

impl<'a> Walk<'_, 'a> {
    fn block(&mut self, path: &str, steps: &'a [Step], made: &mut BTreeSet<&'a str>) {
        for (index, step) in steps.iter().enumerate() {
            self.step(&format!("{path}[{index}]"), step, made);
        }
    }

    fn step(&mut self, path: &str, step: &'a Step, made: &mut BTreeSet<&'a str>) {
        if let Some(kind) = &step.effect
            && !made.insert(kind)
        {
            let message = format!(
                "`{kind}` is made already, and the second would be taken for the first: make them in \
                 cases of one `switch`, or in one `for` with a `key`"
            );
            self.sheet.add(path, "EFFECT_TWICE", message);
        }
        let before = made.clone();
        for (index, case) in step.switch.iter().enumerate() {
            let mut own = before.clone();
            self.block(&format!("{path}.switch[{index}].do"), &case.steps, &mut own);
            made.extend(own);
        }
        if let Some(each) = &step.for_each {
            self.block(&format!("{path}.for.do"), &each.steps, made);
        }
        // What failed was not made: `catch` may make it otherwise.
        let mut caught = made.clone();
        self.block(&format!("{path}.try"), &step.attempt, made);
        self.block(&format!("{path}.catch"), &step.catch, &mut caught);
        made.extend(caught);
        if let Some(id) = &step.run {
            self.run(path, id, made);
        }
    }

    /// What another flow makes is told where it is run, in this one's text.
    fn run(&mut self, path: &str, id: &'a str, made: &mut BTreeSet<&'a str>) {
        let named = self.documents.get(&(Kind::Flow, id.to_owned()));
        let Some(named @ Document::Flow(flow)) = named else { return };
        if self.within.contains(&id) {
            return;
        }
        let mut inner = Sheet::of(named);
        let mut within = self.within.clone();
        within.push(id);
        let mut walk = Walk { documents: self.documents, sheet: &mut inner, within };
        walk.block("do", &flow.steps, made);
        if let Some(first) = inner.problems.into_iter().next() {
            self.sheet.add(&format!("{path}.run"), first.code, first.message);
        }
    }
}
