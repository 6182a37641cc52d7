//! Steps that hold other steps: cases, loops, attempts, other flows.

use super::super::op::{Input, Op, Step};
use super::Bench;
use super::{error_type, given};
use crate::action;
use crate::document::{self, Kind};
use crate::entity::{FieldOf, Type};
use crate::expr::Expression;

impl<'a> Bench<'_, 'a> {
    pub(super) fn switch(&mut self, path: &str, head: &Step, cases: &'a [document::Case]) {
        let mut ends = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            let path = format!("{path}.switch[{index}]");
            let place = self.ops.len();
            let condition = case.when.as_ref();
            let condition = condition
                .and_then(|text| self.expression(&format!("{path}.when"), text, &Type::Bool));
            let conditional = condition.is_some();
            if let Some(condition) = condition {
                let step = head.clone();
                self.ops.push(Op::Unless { step, condition, to: 0, skips: false });
            }
            self.perhaps(&format!("{path}.do"), &case.steps);
            ends.push(self.ops.len());
            self.ops.push(Op::Go(0));
            let next = self.ops.len();
            if let (true, Some(Op::Unless { to, .. })) = (conditional, self.ops.get_mut(place)) {
                *to = next;
            }
        }
        let end = self.ops.len();
        for place in ends {
            if let Some(Op::Go(to)) = self.ops.get_mut(place) {
                *to = end;
            }
        }
    }

    pub(super) fn for_each(&mut self, path: &str, head: Step, each: &'a document::ForEach) {
        if self.in_loop {
            let message = "a `for` within a `for`: give one list to the outer one".to_owned();
            return self.problem(&format!("{path}.for"), "FOR_WITHIN_FOR", message);
        }
        let list = Expression::infer(&each.list, &self.scope);
        let (list, of) = match list {
            Ok((list, FieldOf { of: Type::List(of), .. })) => (list, *of),
            Ok(_) => {
                let message = format!("`{}` is no list", each.list);
                return self.problem(&format!("{path}.for.in"), "TYPE_MISMATCH", message);
            }
            Err(error) => {
                return self.problem(&format!("{path}.for.in"), error.code, error.message);
            }
        };
        let before = self.scope.clone();
        self.define(&each.name, of);
        let key = self.expression(&format!("{path}.for.key"), &each.key, &Type::Whole);
        let Some(key) = key else { return };
        let (name, limit, place) = (each.name.clone(), each.limit, self.ops.len());
        self.ops.push(Op::Each { step: head, list, name, key, limit, end: 0 });
        self.in_loop = true;
        self.block(&format!("{path}.for.do"), &each.steps);
        self.in_loop = false;
        self.scope = before;
        self.ops.push(Op::Again);
        let after = self.ops.len();
        if let Some(Op::Each { end, .. }) = self.ops.get_mut(place) {
            *end = after;
        }
    }

    pub(super) fn attempt(&mut self, path: &str, step: &'a document::Step) {
        let start = self.ops.len();
        self.ops.push(Op::Try { catch: 0 });
        self.perhaps(&format!("{path}.try"), &step.attempt);
        self.ops.push(Op::Tried);
        let over = self.ops.len();
        self.ops.push(Op::Go(0));
        let catch_at = self.ops.len();
        let before = self.scope.clone();
        self.define("error", error_type());
        self.perhaps(&format!("{path}.catch"), &step.catch);
        self.scope = before;
        let end = self.ops.len();
        if let Some(Op::Try { catch }) = self.ops.get_mut(start) {
            *catch = catch_at;
        }
        if let Some(Op::Go(to)) = self.ops.get_mut(over) {
            *to = end;
        }
    }

    /// Another flow's steps, with values of their own.
    pub(super) fn run(&mut self, path: &str, step: &document::Step, head: Step, id: &str) {
        let Some(flow) = self.shop.flow(id) else {
            let message = format!("there is no flow `{id}`{}", self.shop.instead(Kind::Flow, id));
            return self.problem(&format!("{path}.run"), "FLOW_UNKNOWN", message);
        };
        if self.within.iter().any(|outer| outer.document.id == id) {
            let message = format!("the flow `{id}` would run itself");
            return self.problem(&format!("{path}.run"), "FLOW_RUNS_ITSELF", message);
        }
        let mut inner = given(&flow.trigger);
        let mut with = Vec::new();
        for (name, argument) in &step.with {
            let path = format!("{path}.with.{name}");
            if let Some((input, of)) = self.typed(&path, argument) {
                inner.define(name, of);
                with.push((name.clone(), input));
            }
        }
        for (name, _) in action::given(&flow.trigger) {
            if !step.with.contains_key(name)
                && let Ok((same, _)) = Expression::infer(name, &self.scope)
            {
                with.push((name.to_owned(), Input::Expression(same)));
            }
        }
        self.ops.push(Op::Enter { step: head, with });
        let outer = std::mem::replace(&mut self.scope, inner);
        self.within.push(flow);
        self.block("do", &flow.steps);
        self.within.pop();
        self.scope = outer;
        self.ops.push(Op::Leave);
    }
}
