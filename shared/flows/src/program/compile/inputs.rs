//! What goes into steps, against what they take.

use std::collections::BTreeMap;

use domain::exception::ReasonCode;

use super::super::op::Input;
use super::Bench;
use crate::action;
use crate::document::Argument;
use crate::entity::{FieldOf, Type};
use crate::expr::Expression;
use crate::value::Value;

impl Bench<'_, '_> {
    pub(super) fn reason(&mut self, path: &str, code: &str) -> Option<ReasonCode> {
        let found = ReasonCode::ALL.iter().find(|reason| reason.code() == code).copied();
        if found.is_none() {
            let codes = ReasonCode::ALL.iter().map(|reason| reason.code());
            let instead = action::instead(code, codes);
            let message = format!("there is no reason code `{code}`{instead}: see docs/ERRORS.md");
            self.problem(path, "REASON_UNKNOWN", message);
        }
        found
    }

    /// What goes in; against `wanted`, what is missing, unknown or of another type is a problem.
    pub(super) fn arguments(
        &mut self,
        path: &str,
        with: &BTreeMap<String, Argument>,
        wanted: Option<&BTreeMap<String, FieldOf>>,
    ) -> Vec<(String, Input)> {
        let mut inputs = Vec::new();
        for (name, argument) in with {
            let path = format!("{path}.with.{name}");
            let of = wanted.map(|fields| fields.get(name));
            if let Some(None) = of {
                let known = wanted.into_iter().flatten().map(|(name, _)| name.as_str());
                let message =
                    format!("there is no `{name}` to give{}", action::instead(name, known));
                self.problem(&path, "ARGUMENT_UNKNOWN", message);
                continue;
            }
            if let Some(input) = self.argument(&path, argument, of.flatten()) {
                inputs.push((name.clone(), input));
            }
        }
        for (name, field) in wanted.into_iter().flatten() {
            if field.required && !with.contains_key(name) {
                let message = format!("`{name}` must be given");
                self.problem(&format!("{path}.with"), "ARGUMENT_MISSING", message);
            }
        }
        inputs
    }

    pub(super) fn argument(
        &mut self,
        path: &str,
        argument: &Argument,
        wanted: Option<&FieldOf>,
    ) -> Option<Input> {
        let (input, of) = match (argument, wanted) {
            (Argument::Expression(text), Some(wanted)) => {
                let expression = if wanted.required {
                    Expression::compile(text, &self.scope, &wanted.of)
                } else {
                    Expression::compile_optional(text, &self.scope, &wanted.of)
                };
                return match expression {
                    Ok(expression) => Some(Input::Expression(expression)),
                    Err(error) => {
                        self.problem(path, error.code, error.message);
                        None
                    }
                };
            }
            _ => self.typed(path, argument)?,
        };
        match (wanted, &input) {
            (Some(wanted), Input::Value(value)) if !wanted.of.takes(&of.of, value) => {
                let message = format!("`{value}` is given, {} is wanted", wanted.of);
                self.problem(path, "TYPE_MISMATCH", message);
                None
            }
            _ => Some(input),
        }
    }

    pub(super) fn typed(&mut self, path: &str, argument: &Argument) -> Option<(Input, FieldOf)> {
        let constant =
            |value, of| Some((Input::Value(value), FieldOf { of, required: true, role: None }));
        match argument {
            Argument::Flag(flag) => constant(Value::Bool(*flag), Type::Bool),
            Argument::Whole(number) => constant(Value::Number((*number).into()), Type::Whole),
            Argument::Literal(text) => {
                constant(Value::Text(text.text.clone()), Type::Text { len_max: None })
            }
            Argument::Expression(text) => match Expression::infer(text, &self.scope) {
                Ok((expression, of)) => Some((Input::Expression(expression), of)),
                Err(error) => {
                    self.problem(path, error.code, error.message);
                    None
                }
            },
        }
    }

    pub(super) fn expression(
        &mut self,
        path: &str,
        text: &str,
        wanted: &Type,
    ) -> Option<Expression> {
        match Expression::compile(text, &self.scope, wanted) {
            Ok(expression) => Some(expression),
            Err(error) => {
                self.problem(path, error.code, error.message);
                None
            }
        }
    }

    pub(super) fn define(&mut self, name: &str, of: Type) {
        self.scope.define(name, FieldOf { of, required: true, role: None });
    }
}
