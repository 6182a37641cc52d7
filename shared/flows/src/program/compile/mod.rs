//! From documents to instructions. Everything that is wrong is found, not the first thing only.

mod control;
mod inputs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::exception::ReasonCode;
use domain::fact::FactName;

use super::op::{Input, Op, Step};
use super::{Documents, Flow, Program};
use crate::action;
use crate::document::{self, Document, Kind};
use crate::entity::{self, FieldOf, Type};
use crate::expr::{Expression, Scope};
use crate::mapping::Mapping;
use crate::outcome::EffectName;
use crate::problem::Problem;
use crate::table::never_reached;
use crate::verify::Verification;

pub(super) fn program(documents: &Documents) -> Result<Program, Vec<Problem>> {
    let mut shop = Shop::stock(documents);
    let mut flows = Vec::new();
    for document in documents.values() {
        let Document::Flow(flow) = document else { continue };
        if let Some(compiled) = Bench::new(&mut shop, flow).flow() {
            flows.push(compiled);
        }
    }
    if shop.problems.is_empty() { Ok(Program { flows }) } else { Err(shop.problems) }
}

/// What goes in, by name.
type Inputs = Vec<(String, Input)>;

/// What flows are made from, and what is wrong with it.
struct Shop<'a> {
    documents: &'a Documents,
    maps: BTreeMap<String, Arc<Mapping>>,
    checks: BTreeMap<String, Arc<Verification>>,
    problems: Vec<Problem>,
}

impl<'a> Shop<'a> {
    fn stock(documents: &'a Documents) -> Self {
        let (mut maps, mut checks, mut problems) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for ((_, id), document) in documents {
            match document {
                Document::Map(map) => match Mapping::compile(map, documents) {
                    Ok(mapping) => drop(maps.insert(id.clone(), Arc::new(mapping))),
                    Err(found) => problems.extend(found),
                },
                Document::Check(check) => match Verification::compile(check) {
                    Ok(compiled) => drop(checks.insert(id.clone(), Arc::new(compiled))),
                    Err(found) => problems.extend(found),
                },
                Document::Table(table) => {
                    let document = format!("tables/{id}");
                    problems.extend(never_reached(table).into_iter().map(|row| Problem {
                        document: document.clone(),
                        path: "rows".to_owned(),
                        position: None,
                        code: "ROW_NEVER_REACHED",
                        message: format!("the row `{row}` is after one that fits everything"),
                    }));
                }
                Document::Flow(_) => {}
            }
        }
        Self { documents, maps, checks, problems }
    }

    /// The document of the kind that is probably meant.
    fn instead(&self, kind: Kind, id: &str) -> String {
        let ids = self.documents.keys().filter(|(of, _)| *of == kind).map(|(_, id)| id.as_str());
        action::instead(id, ids)
    }

    fn flow(&self, id: &str) -> Option<&'a document::Flow> {
        match self.documents.get(&(Kind::Flow, id.to_owned())) {
            Some(Document::Flow(flow)) => Some(flow),
            _ => None,
        }
    }
}

/// Where one flow is made.
struct Bench<'s, 'a> {
    shop: &'s mut Shop<'a>,
    /// The flow whose text is worked on; flows it runs are worked in.
    within: Vec<&'a document::Flow>,
    scope: Scope,
    ops: Vec<Op>,
    effects: Vec<EffectName>,
    /// Effects of the text in order, to know what a failing step holds.
    ahead: Vec<Arc<str>>,
    passed: usize,
    in_loop: bool,
}

impl<'s, 'a> Bench<'s, 'a> {
    fn new(shop: &'s mut Shop<'a>, flow: &'a document::Flow) -> Self {
        let mut ahead = Vec::new();
        effects_of(&flow.steps, &mut ahead);
        Self {
            shop,
            within: vec![flow],
            scope: given(&flow.trigger),
            ops: Vec::new(),
            effects: Vec::new(),
            ahead,
            passed: 0,
            in_loop: false,
        }
    }

    fn flow(mut self) -> Option<Flow> {
        let flow = *self.within.first()?;
        let before = self.shop.problems.len();
        let facts = self.facts(flow);
        let condition = flow.trigger.condition.as_ref();
        let condition =
            condition.and_then(|text| self.expression("trigger.where", text, &Type::Bool));
        self.block("do", &flow.steps);
        let whole = self.shop.problems.len() == before;
        whole.then(|| Flow {
            id: flow.document.id.clone(),
            facts,
            condition,
            ops: self.ops,
            effects: self.effects,
        })
    }

    fn facts(&mut self, flow: &document::Flow) -> BTreeSet<String> {
        let known: Vec<&str> = FactName::ALL.iter().map(|fact| fact.name()).collect();
        for (index, fact) in flow.trigger.fact.iter().enumerate() {
            if !known.contains(&fact.as_str()) {
                let path = format!("trigger.fact[{index}]");
                let instead = action::instead(fact, known.iter().copied());
                let message = format!("there is no fact `{fact}`{instead}");
                self.problem(&path, "FACT_UNKNOWN", message);
            }
        }
        flow.trigger.fact.iter().cloned().collect()
    }

    fn block(&mut self, path: &str, steps: &'a [document::Step]) {
        for (index, step) in steps.iter().enumerate() {
            self.step(&format!("{path}[{index}]"), step);
        }
    }

    /// What a block names is not there for sure afterwards.
    fn perhaps(&mut self, path: &str, steps: &'a [document::Step]) {
        let before = self.scope.clone();
        self.block(path, steps);
        self.scope.weaken_since(&before);
    }

    fn step(&mut self, path: &str, step: &'a document::Step) {
        let Some(condition) = &step.when else { return self.work(path, step) };
        let condition = self.expression(&format!("{path}.when"), condition, &Type::Bool);
        let before = self.scope.clone();
        let place = self.ops.len();
        if let Some(condition) = condition {
            let head = self.head(path, step);
            self.ops.push(Op::Unless { step: head, condition, to: 0, skips: true });
        }
        self.work(path, step);
        self.scope.weaken_since(&before);
        let end = self.ops.len();
        if let Some(Op::Unless { to, .. }) = self.ops.get_mut(place) {
            *to = end;
        }
    }

    fn work(&mut self, path: &str, step: &'a document::Step) {
        let head = self.head(path, step);
        if let Some(name) = &step.call {
            self.call(path, step, head, name);
        } else if let Some(kind) = &step.effect {
            self.effect(path, step, head, kind);
        } else if let Some(kind) = &step.cancel {
            self.ops.push(Op::Cancel { step: head, kind: kind.clone() });
        } else if let Some(id) = &step.map {
            self.map(path, step, head, id);
        } else if !step.set.is_empty() {
            self.set(path, step, head);
        } else if !step.switch.is_empty() {
            self.switch(path, &head, &step.switch);
        } else if let Some(id) = &step.validate {
            self.validate(path, step, head, id);
        } else if let Some(each) = &step.for_each {
            self.for_each(path, head, each);
        } else if !step.attempt.is_empty() {
            self.attempt(path, step);
        } else if let Some(reason) = &step.hold {
            self.hold(path, step, head, reason);
        } else if let Some(flow) = &step.run {
            self.run(path, step, head, flow);
        } else {
            self.outward(path, step, head);
        }
    }

    fn outward(&mut self, path: &str, step: &document::Step, head: Step) {
        let told = step.emit.as_deref().or(step.notify.as_ref().map(|_| "notify"));
        let wanted = told.and_then(action::find).map(|action| &action.input);
        let with = self.arguments(path, &step.with, wanted);
        if let Some(event) = &step.emit {
            self.ops.push(Op::Tell { step: head, what: event.clone(), with });
        } else if let Some(route) = &step.notify {
            self.ops.push(Op::Tell { step: head, what: format!("notify:{route}"), with });
        } else if let Some(approve) = &step.approve {
            let four_eyes = approve.four_eyes_above.as_ref();
            let decimal = Type::Decimal { places_max: 28 };
            let path = format!("{path}.approve.four_eyes_above");
            let four_eyes = four_eyes.and_then(|text| self.expression(&path, text, &decimal));
            self.ops.push(Op::Approve { step: head, role: approve.role.clone(), four_eyes });
        } else if let Some(wait) = &step.wait {
            if let Some(fact) = &wait.fact {
                self.ops.push(Op::WaitFor { step: head, fact: fact.clone() });
            } else if let Some(until) = &wait.until {
                let path = format!("{path}.wait.until");
                if let Some(until) = self.expression(&path, until, &Type::Time) {
                    self.ops.push(Op::WaitUntil { step: head, until });
                }
            }
        }
    }

    fn call(&mut self, path: &str, step: &document::Step, head: Step, name: &str) {
        let Some(action) = action::find(name) else {
            let message = action::unknown(name);
            return self.problem(&format!("{path}.call"), "ACTION_UNKNOWN", message);
        };
        let input = self.arguments(path, &step.with, Some(&action.input));
        self.define(&step.id, action.output.clone());
        self.ops.push(Op::Call { step: head, action, input });
    }

    fn effect(&mut self, path: &str, step: &document::Step, head: Step, kind: &str) {
        self.passed += 1;
        let Some(entity) = action::find(kind).and(entity::find(kind)) else {
            let message = action::unknown(kind);
            return self.problem(&format!("{path}.effect"), "ACTION_UNKNOWN", message);
        };
        let Some((mapping, with)) = self.mapping(path, step, step.map.as_deref()) else { return };
        if mapping.target().name != entity.name {
            let target = &mapping.target().name;
            let message = format!("the map makes `{target}`, the effect is `{kind}`");
            return self.problem(&format!("{path}.map"), "MAP_OF_OTHER_ENTITY", message);
        }
        if !self.in_loop {
            self.effects.push(EffectName { kind: kind.to_owned(), ordinal: 1 });
        }
        self.define(&step.id, Type::Object(entity.fields.clone()));
        self.ops.push(Op::Make { step: head, kind: kind.to_owned(), mapping, with });
    }

    fn map(&mut self, path: &str, step: &document::Step, head: Step, id: &str) {
        let Some((mapping, with)) = self.mapping(path, step, Some(id)) else { return };
        self.define(&step.id, Type::Object(mapping.target().fields.clone()));
        self.ops.push(Op::Map { step: head, mapping, with });
    }

    /// The map, when there is one, everything it takes is there.
    fn mapping(
        &mut self,
        path: &str,
        step: &document::Step,
        id: Option<&str>,
    ) -> Option<(Arc<Mapping>, Inputs)> {
        let Some(id) = id else {
            let message = "an effect needs a `map` that makes it".to_owned();
            self.problem(path, "MAP_MISSING", message);
            return None;
        };
        let Some(mapping) = self.shop.maps.get(id).cloned() else {
            if !self.shop.documents.contains_key(&(Kind::Map, id.to_owned())) {
                let message = format!("there is no map `{id}`{}", self.shop.instead(Kind::Map, id));
                self.problem(&format!("{path}.map"), "MAP_UNKNOWN", message);
            }
            return None;
        };
        let with = self.arguments(path, &step.with, None);
        for name in mapping.inputs() {
            if !step.with.contains_key(name) && self.scope.find(name).is_none() {
                let message = format!(
                    "the map `{id}` takes `{name}`: no step of that name is before this one, and \
                     `with` does not give it"
                );
                self.problem(&format!("{path}.with"), "ARGUMENT_MISSING", message);
            }
        }
        Some((mapping, with))
    }

    fn set(&mut self, path: &str, step: &document::Step, head: Step) {
        let (mut values, mut fields) = (Vec::new(), BTreeMap::new());
        for (name, text) in &step.set {
            let path = format!("{path}.set.{name}");
            match Expression::infer(text, &self.scope) {
                Ok((expression, of)) => {
                    fields.insert(name.clone(), of);
                    values.push((name.clone(), expression));
                }
                Err(error) => self.problem(&path, error.code, error.message),
            }
        }
        self.define(&step.id, Type::Object(fields));
        self.ops.push(Op::Set { step: head, values });
    }

    fn validate(&mut self, path: &str, step: &document::Step, head: Step, id: &str) {
        let Some(check) = self.shop.checks.get(id).cloned() else {
            if !self.shop.documents.contains_key(&(Kind::Check, id.to_owned())) {
                let instead = self.shop.instead(Kind::Check, id);
                let message = format!("there is no check `{id}`{instead}");
                self.problem(&format!("{path}.validate"), "CHECK_UNKNOWN", message);
            }
            return;
        };
        let mut with = self.arguments(path, &step.with, None);
        for name in check.inputs() {
            if step.with.contains_key(name) {
                continue;
            }
            match Expression::infer(name, &self.scope) {
                Ok((expression, _)) => with.push((name.to_owned(), Input::Expression(expression))),
                Err(error) => self.problem(&format!("{path}.with"), error.code, error.message),
            }
        }
        self.define(&step.id, Type::List(Box::new(Type::Text { len_max: None })));
        self.ops.push(Op::Verify { step: head, check, with });
    }

    fn hold(&mut self, path: &str, step: &document::Step, head: Step, reason: &str) {
        let evidence = step.with.get("evidence");
        let evidence = evidence.and_then(|argument| {
            let text = FieldOf { of: Type::Text { len_max: None }, required: false, role: None };
            self.argument(&format!("{path}.with.evidence"), argument, Some(&text))
        });
        if let Some(reason) = self.reason(&format!("{path}.hold"), reason) {
            self.ops.push(Op::Hold { step: head, reason, evidence });
        }
    }

    fn head(&mut self, path: &str, step: &document::Step) -> Step {
        let routed = step.on_error.as_ref();
        let reason = routed.and_then(|on| self.reason(&format!("{path}.on_error.hold"), &on.hold));
        let effect = self.ahead.get(self.passed).or(self.ahead.last()).cloned();
        Step {
            id: Arc::from(step.id.as_str()),
            effect,
            otherwise: reason.unwrap_or(ReasonCode::FlowFailed),
            notify: routed.and_then(|on| on.notify.clone()),
        }
    }

    fn problem(&mut self, path: &str, code: &'static str, message: String) {
        let flow = self.within.last().map(|flow| flow.document.id.as_str()).unwrap_or_default();
        self.shop.problems.push(Problem {
            document: format!("flows/{flow}"),
            path: path.to_owned(),
            position: None,
            code,
            message,
        });
    }
}

/// What a flow that is started so sees.
fn given(trigger: &document::Trigger) -> Scope {
    let mut scope = Scope::default();
    for (name, entity) in action::given(trigger) {
        if let Some(entity) = entity::find(entity) {
            let of = Type::Object(entity.fields.clone());
            scope.define(name, FieldOf { of, required: true, role: None });
        }
    }
    scope
}

fn error_type() -> Type {
    let text = || FieldOf { of: Type::Text { len_max: None }, required: true, role: None };
    Type::Object([("reason".to_owned(), text()), ("evidence".to_owned(), text())].into())
}

/// The effects of the text, in its order.
fn effects_of(steps: &[document::Step], found: &mut Vec<Arc<str>>) {
    for step in steps {
        if let Some(kind) = &step.effect {
            found.push(Arc::from(kind.as_str()));
        }
        let cases = step.switch.iter().flat_map(|case| &case.steps);
        let looped = step.for_each.iter().flat_map(|each| &each.steps);
        for inner in cases.chain(looped).chain(&step.attempt).chain(&step.catch) {
            effects_of(std::slice::from_ref(inner), found);
        }
    }
}
