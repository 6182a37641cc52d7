//! Checks ready to be made: what must be so before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use domain::exception::ReasonCode;

use crate::document::{Check, Severity};
use crate::entity::{self, Type};
use crate::expr::{ExprError, Expression, Scope};
use crate::mapping::{Failure, of_entity};
use crate::problem::Problem;
use crate::value::Value;

#[derive(Debug)]
pub struct Verification {
    inputs: BTreeSet<String>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    id: String,
    must: Expression,
    holds: bool,
    reason: Option<ReasonCode>,
    message: Expression,
}

impl Verification {
    /// # Errors
    /// Everything that is wrong with the check.
    pub fn compile(check: &Check) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut problem = |path: String, code, message| {
            let document = format!("checks/{}", check.document.id);
            problems.push(Problem { document, path, position: None, code, message });
        };
        let mut scope = Scope::default();
        for (name, entity) in &check.of {
            match entity::find(entity) {
                Some(found) => scope.define(name, of_entity(found)),
                None => problem(format!("of.{name}"), "ENTITY_UNKNOWN", entity::unknown(entity)),
            }
        }
        let mut rules = Vec::new();
        for (index, rule) in check.rules.iter().enumerate() {
            let path = |name: &str| format!("rules[{index}].{name}");
            let must = Expression::compile(&rule.must, &scope, &Type::Bool);
            let message = Expression::compile(&rule.message, &scope, &Type::Text { len_max: None });
            let reason = rule.hold.as_ref().map(|code| {
                let found = ReasonCode::ALL.iter().find(|reason| reason.code() == code).copied();
                found.ok_or_else(|| ExprError {
                    code: "REASON_UNKNOWN",
                    message: format!("there is no reason code `{code}`: see docs/ERRORS.md"),
                })
            });
            match (must, message, reason.transpose()) {
                (Ok(must), Ok(message), Ok(reason)) => {
                    let holds = rule.severity == Severity::Hold;
                    rules.push(Rule { id: rule.id.clone(), must, holds, reason, message });
                }
                (must, message, reason) => {
                    let found =
                        [("must", must.err()), ("message", message.err()), ("hold", reason.err())];
                    for (name, error) in found {
                        if let Some(ExprError { code, message }) = error {
                            problem(path(name), code, message);
                        }
                    }
                }
            }
        }
        let inputs = check.of.keys().cloned().collect();
        if problems.is_empty() { Ok(Self { inputs, rules }) } else { Err(problems) }
    }

    /// The names it takes.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(String::as_str)
    }

    /// What is noted, as a list of texts.
    ///
    /// # Errors
    /// The first rule that does not hold and is no mere note.
    pub fn verify(&self, values: &BTreeMap<String, Value>) -> Result<Value, Failure> {
        let mut notes = Vec::new();
        for rule in &self.rules {
            let failed = |error: &dyn std::fmt::Display| Failure {
                field: rule.id.clone(),
                reason: rule.reason,
                message: error.to_string(),
                doubt: None,
            };
            if rule.must.evaluate(values).map_err(|error| failed(&error))? == Value::Bool(true) {
                continue;
            }
            let message = rule.message.evaluate(values).map_err(|error| failed(&error))?;
            if rule.holds {
                let (field, reason) = (String::new(), rule.reason);
                let message = message.to_string();
                return Err(Failure { field, reason, message, doubt: None });
            }
            notes.push(message);
        }
        Ok(Value::List(notes))
    }
}
