//! Maps ready to be applied: one entity made from others, every field of the type its target has.
//!
//! A value that does not fit is refused with a proposed fix. Nothing is cut or rounded unless a step of
//! the map says so.

use std::collections::{BTreeMap, BTreeSet};

use domain::exception::ReasonCode;
use thiserror::Error;

use crate::action;
use crate::document::{Document, Field, Kind, Map, OnMiss};
use crate::entity::{self, Entity, FieldOf, Type};
use crate::expr::{ExprError, Expression, Scope};
use crate::normal::Doubt;
use crate::problem::Problem;
use crate::program::Documents;
use crate::steps::{Plan, Refusal};
use crate::table::Asked;
use crate::value::Value;

#[derive(Debug)]
pub struct Mapping {
    target: &'static Entity,
    inputs: BTreeSet<String>,
    fields: Vec<Filled>,
    lists: Vec<Listed>,
}

/// Why a map made nothing, or why the item must not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {message}")]
pub struct Failure {
    /// Empty when it is of no field.
    pub field: String,
    /// When it has one of its own; otherwise that of the step which failed.
    pub reason: Option<ReasonCode>,
    pub message: String,
    /// The value a person must look at, when it is that.
    pub doubt: Option<Box<Doubt>>,
}

#[derive(Debug)]
struct Filled {
    name: String,
    of: FieldOf,
    source: Source,
    steps: Vec<Plan>,
}

#[derive(Debug)]
enum Source {
    Expression(Expression),
    Constant(Value),
    Table { asked: Asked, on_miss: OnMiss },
}

#[derive(Debug)]
struct Listed {
    name: String,
    list: Expression,
    element: String,
    fields: Vec<Filled>,
}

impl Failure {
    pub(crate) fn of(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: None, message: message.into(), doubt: None }
    }

    fn at_step(field: &str, refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong(message) => Self::of(field, message),
            Refusal::Doubtful(doubt) => Self {
                reason: Some(ReasonCode::FormatUncertain),
                doubt: Some(Box::new(doubt.clone())),
                ..Self::of(field, doubt.to_string())
            },
        }
    }
}

impl Mapping {
    /// # Errors
    /// Everything that is wrong with the map.
    pub fn compile(map: &Map, documents: &Documents) -> Result<Self, Vec<Problem>> {
        let mut maker = Maker { map, documents, problems: Vec::new(), inputs: BTreeSet::new() };
        let made = maker.make();
        match made {
            Some(made) if maker.problems.is_empty() => Ok(made),
            _ => Err(maker.problems),
        }
    }

    #[must_use]
    pub fn target(&self) -> &'static Entity {
        self.target
    }

    /// The names it takes.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(String::as_str)
    }

    /// # Errors
    /// The first field that cannot be made.
    pub fn apply(&self, input: &BTreeMap<String, Value>) -> Result<Value, Failure> {
        let mut made = filled(&self.fields, input)?;
        for list in &self.lists {
            made.insert(list.name.clone(), list.made(input)?);
        }
        for (name, field) in &self.target.fields {
            if field.required && made.get(name).is_none_or(Value::is_null) {
                return Err(Failure::of(name, "it must be given, and is empty"));
            }
        }
        Ok(Value::Object(made))
    }
}

impl Listed {
    fn made(&self, input: &BTreeMap<String, Value>) -> Result<Value, Failure> {
        let within = |error: &dyn std::fmt::Display| Failure::of(&self.name, error.to_string());
        let list = self.list.evaluate(input).map_err(|error| within(&error))?;
        let mut input = input.clone();
        let mut rows = Vec::new();
        for (index, item) in list.list().iter().enumerate() {
            input.insert(self.element.clone(), item.clone());
            let row = filled(&self.fields, &input).map_err(|failure| Failure {
                field: format!("{}[{index}].{}", self.name, failure.field),
                ..failure
            })?;
            rows.push(Value::Object(row));
        }
        Ok(Value::List(rows))
    }
}

fn filled(
    fields: &[Filled],
    input: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, Failure> {
    let mut made = BTreeMap::new();
    for field in fields {
        made.insert(field.name.clone(), field.value(input)?);
    }
    Ok(made)
}

impl Filled {
    fn value(&self, input: &BTreeMap<String, Value>) -> Result<Value, Failure> {
        let failed = |message: String| Failure::of(&self.name, message);
        let mut value = match &self.source {
            Source::Constant(value) => value.clone(),
            Source::Expression(expression) => {
                expression.evaluate(input).map_err(|error| failed(error.to_string()))?
            }
            Source::Table { asked, on_miss } => asked.answer(input, *on_miss).map_err(&failed)?,
        };
        for step in &self.steps {
            let taken = step.apply(value);
            value = taken.map_err(|refusal| Failure::at_step(&self.name, refusal))?;
        }
        fits(&self.of, &value).map_err(failed)?;
        if value.is_null() && self.of.required {
            return Err(failed("it must be given, and is empty".to_owned()));
        }
        Ok(value)
    }
}

/// # Errors
/// In words, with what to do.
fn fits(field: &FieldOf, value: &Value) -> Result<(), String> {
    if value.is_null() || field.of.takes(&Type::Null, value) {
        return Ok(());
    }
    let fix = match (&field.of, value) {
        (Type::Text { len_max: Some(max) }, Value::Text(text)) => {
            let length = text.chars().count();
            format!(
                "it is {length} characters long, {max} are possible: add `{{step: cut, len: {max}}}`"
            )
        }
        (Type::Decimal { .. } | Type::Whole, Value::Number(_)) => {
            format!("`{value}` has more places than `{}`: add a `round` step", field.of)
        }
        (Type::Choice(choices), _) => format!("`{value}` is none of {}", choices.join(", ")),
        (of, _) => format!("`{value}` is not of type `{of}`"),
    };
    Err(fix)
}

/// Where a mapping is made.
struct Maker<'a> {
    map: &'a Map,
    documents: &'a Documents,
    problems: Vec<Problem>,
    inputs: BTreeSet<String>,
}

impl Maker<'_> {
    fn make(&mut self) -> Option<Mapping> {
        let Some(target) = entity::find(&self.map.to) else {
            self.problem("to", "ENTITY_UNKNOWN", entity::unknown(&self.map.to));
            return None;
        };
        let scope = self.scope();
        let mut fields = Vec::new();
        for (name, field) in &self.map.fields {
            let path = format!("fields.{name}");
            let Some(of) = self.target_field(&path, &target.fields, name) else { continue };
            fields.extend(self.field(&path, (name, of), field, &scope));
        }
        let lists = self.lists(target, &scope);
        let map = self.map;
        self.all_there("fields", &target.fields, &|name| {
            map.fields.contains_key(name) || map.each.contains_key(name)
        });
        let mut inputs = std::mem::take(&mut self.inputs);
        inputs.extend(self.map.from.keys().cloned());
        Some(Mapping { target, inputs, fields, lists })
    }

    fn lists(&mut self, target: &Entity, scope: &Scope) -> Vec<Listed> {
        let mut lists = Vec::new();
        for (name, each) in &self.map.each {
            let path = format!("each.{name}");
            let of = self.target_field(&path, &target.fields, name);
            let Some(FieldOf { of: Type::List(of), .. }) = of else { continue };
            let Type::Object(rows) = *of else { continue };
            let (list, item) = match list_of(&each.list, scope) {
                Ok(found) => found,
                Err(error) => {
                    self.problem(&format!("{path}.in"), error.code, error.message);
                    continue;
                }
            };
            let mut inner = scope.clone();
            inner.define(&each.name, FieldOf { of: item, required: true, role: None });
            let mut filled = Vec::new();
            for (field_name, field) in &each.fields {
                let path = format!("{path}.fields.{field_name}");
                let Some(of) = self.target_field(&path, &rows, field_name) else { continue };
                filled.extend(self.field(&path, (field_name, of), field, &inner));
            }
            self.all_there(&path, &rows, &|name| each.fields.contains_key(name));
            let (name, element) = (name.clone(), each.name.clone());
            lists.push(Listed { name, list, element, fields: filled });
        }
        lists
    }

    /// What the map names, and what every flow sees besides, for its tables.
    fn scope(&mut self) -> Scope {
        let mut scope = Scope::default();
        for (name, entity) in &self.map.from {
            match entity::find(entity) {
                Some(found) => scope.define(name, of_entity(found)),
                None => {
                    let message = entity::unknown(entity);
                    self.problem(&format!("from.{name}"), "ENTITY_UNKNOWN", message);
                }
            }
        }
        scope
    }

    fn field(
        &mut self,
        path: &str,
        (name, of): (&str, FieldOf),
        field: &Field,
        scope: &Scope,
    ) -> Option<Filled> {
        let mut steps = Vec::new();
        for (index, step) in field.steps.iter().enumerate() {
            match Plan::compile(step) {
                Ok(plan) => steps.push(plan),
                Err(message) => {
                    self.problem(&format!("{path}.steps[{index}]"), "STEP_WRONG", message);
                }
            }
        }
        // Steps change the type: what they give is looked at when it is there.
        let wanted = steps.is_empty().then_some(&of.of);
        match self.source(field, wanted, scope) {
            Ok(source) => Some(Filled { name: name.to_owned(), of, source, steps }),
            Err(error) => {
                self.problem(path, error.code, error.message);
                None
            }
        }
    }

    fn source(
        &mut self,
        field: &Field,
        wanted: Option<&Type>,
        scope: &Scope,
    ) -> Result<Source, ExprError> {
        let expression = |text: &str| match wanted {
            Some(wanted) => Expression::compile_optional(text, scope, wanted),
            None => Expression::infer(text, scope).map(|(found, _)| found),
        };
        match field {
            Field { from: Some(path), .. } => expression(path).map(Source::Expression),
            Field { expr: Some(text), .. } => expression(text).map(Source::Expression),
            Field { value: Some(text), .. } => {
                let value = Value::Text(text.clone());
                let value = wanted.map_or(Ok(value.clone()), |of| of.read(value));
                value.map(Source::Constant).map_err(|error| ExprError {
                    code: "TYPE_MISMATCH",
                    message: error.to_string(),
                })
            }
            Field { lookup: Some(lookup), .. } => {
                let asked = self.asked(&lookup.table, Some(&lookup.key), wanted, scope)?;
                Ok(Source::Table { asked, on_miss: lookup.on_miss })
            }
            Field { decide: Some(table), .. } => {
                let asked = self.asked(table, None, wanted, scope)?;
                Ok(Source::Table { asked, on_miss: OnMiss::Default })
            }
            _ => Err(ExprError {
                code: "FIELD_EMPTY",
                message: "give `from`, `value`, `lookup`, `decide` or `expr`".to_owned(),
            }),
        }
    }

    fn asked(
        &mut self,
        name: &str,
        key: Option<&str>,
        wanted: Option<&Type>,
        scope: &Scope,
    ) -> Result<Asked, ExprError> {
        let (id, output) = name.split_once('.').map_or((name, None), |(id, out)| (id, Some(out)));
        let Some(Document::Table(table)) = self.documents.get(&(Kind::Table, id.to_owned())) else {
            let ids = self.documents.keys().filter(|(kind, _)| *kind == Kind::Table);
            let instead = action::instead(id, ids.map(|(_, id)| id.as_str()));
            let message = format!("there is no table `{id}`{instead}");
            return Err(ExprError { code: "TABLE_UNKNOWN", message });
        };
        let mut wider = scope.clone();
        for (given, entity) in action::GIVEN {
            if let (None, Some(found)) = (scope.find(given), entity::find(entity)) {
                wider.define(given, of_entity(found));
            }
        }
        let asked = Asked::compile(table, output, key, (&wider, wanted))?;
        let besides = asked.uses().filter(|name| scope.find(name).is_none());
        self.inputs.extend(besides.map(str::to_owned));
        Ok(asked)
    }

    fn target_field(
        &mut self,
        path: &str,
        fields: &BTreeMap<String, FieldOf>,
        name: &str,
    ) -> Option<FieldOf> {
        let found = fields.get(name).cloned();
        if found.is_none() {
            let message = match action::nearest(name, fields.keys().map(String::as_str)) {
                Some(near) => format!("there is no field `{name}`; did you mean `{near}`?"),
                None => format!("`{}` has no field `{name}`: see docs/FLOWS.md", self.map.to),
            };
            self.problem(path, "FIELD_UNKNOWN", message);
        }
        found
    }

    fn all_there(
        &mut self,
        path: &str,
        fields: &BTreeMap<String, FieldOf>,
        there: &dyn Fn(&str) -> bool,
    ) {
        for (name, field) in fields {
            if field.required && !there(name) {
                let message = format!("`{name}` must be filled");
                self.problem(path, "FIELD_MISSING", message);
            }
        }
    }

    fn problem(&mut self, path: &str, code: &'static str, message: String) {
        self.problems.push(Problem {
            document: format!("maps/{}", self.map.document.id),
            path: path.to_owned(),
            position: None,
            code,
            message,
        });
    }
}

pub(crate) fn of_entity(entity: &Entity) -> FieldOf {
    FieldOf { of: Type::Object(entity.fields.clone()), required: true, role: None }
}

/// A list, and what its elements are.
fn list_of(text: &str, scope: &Scope) -> Result<(Expression, Type), ExprError> {
    match Expression::infer(text, scope)? {
        (list, FieldOf { of: Type::List(of), .. }) => Ok((list, *of)),
        _ => {
            let message = format!("`{text}` is no list");
            Err(ExprError { code: "TYPE_MISMATCH", message })
        }
    }
}
