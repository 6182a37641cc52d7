//! Expressions: ZEN behind a guard. What is compiled has been read whole, every name is known, every
//! type fits, and nothing in it can take long; what is evaluated gives the type that was promised, or
//! says why not.

mod calls;
mod convert;
mod dates;
mod exact;
mod guard;
mod kinds;
mod typing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bumpalo::Bump;
use thiserror::Error;
use zen_expression::compiler::Opcode;
use zen_expression::lexer::Lexer;
use zen_expression::parser::{Node, Parser};
use zen_expression::vm::VM;
use zen_expression::{Isolate, Scope as Values, Variable};

use crate::entity::{FieldOf, Type};
use crate::value::Value;
use exact::Digits;
use typing::Of;

/// Names, and digits of what is added.
type Used = (BTreeSet<String>, Option<Digits>);

/// Names an expression may use, and what they are.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: BTreeMap<String, FieldOf>,
}

/// An expression that may be evaluated.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    code: std::sync::Arc<[Opcode]>,
    /// The names it uses: only their values are handed over.
    uses: BTreeSet<String>,
    gives: FieldOf,
    /// Of the numbers in its text, when it adds some.
    added: Option<Digits>,
}

/// Why an expression may not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ExprError {
    /// Stable; listed in `docs/ERRORS.md`.
    pub code: &'static str,
    pub message: String,
}

/// Why an expression gave no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{expression}`: {message}")]
pub struct EvalError {
    pub expression: String,
    pub message: String,
}

impl Scope {
    pub fn define(&mut self, name: &str, field: FieldOf) {
        self.names.insert(name.to_owned(), field);
    }

    #[must_use]
    pub fn find(&self, name: &str) -> Option<&FieldOf> {
        self.names.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// What was defined since `before` is no longer there for sure.
    pub fn weaken_since(&mut self, before: &Self) {
        for (name, field) in &mut self.names {
            if before.names.get(name) != Some(field) {
                field.required = false;
            }
        }
    }
}

impl Expression {
    /// An expression that gives `wanted`, never null.
    ///
    /// # Errors
    /// When it is not allowed, a name is unknown, or it does not surely give that type.
    pub fn compile(text: &str, scope: &Scope, wanted: &Type) -> Result<Self, ExprError> {
        let found = Self::compile_optional(text, scope, wanted)?;
        if found.gives.required {
            return Ok(found);
        }
        let message = format!("`{text}` may be null: say what stands for that, as in `x ?? ''`");
        Err(ExprError { code: "MAY_BE_NULL", message })
    }

    /// An expression that gives `wanted`, or null.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn compile_optional(text: &str, scope: &Scope, wanted: &Type) -> Result<Self, ExprError> {
        let (mut found, of) = Self::read(text, scope)?;
        of.fits(wanted).map_err(|error| error.within(text))?;
        found.gives.of = wanted.clone();
        Ok(found)
    }

    /// An expression, and what it gives.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn infer(text: &str, scope: &Scope) -> Result<(Self, FieldOf), ExprError> {
        let (found, _) = Self::read(text, scope)?;
        let gives = found.gives.clone();
        Ok((found, gives))
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names it looks at.
    pub fn uses(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().map(String::as_str)
    }

    /// # Errors
    /// When there is no result, or it is not of the promised type.
    pub fn evaluate(&self, values: &BTreeMap<String, Value>) -> Result<Value, EvalError> {
        let failed = |message: String| EvalError { expression: self.text.clone(), message };
        if let Some(mut digits) = self.added {
            self.uses.iter().filter_map(|name| values.get(name)).for_each(|v| digits.widen_all(v));
            if !digits.may_be_added() {
                let message = "these numbers are too long to be added to the last digit";
                return Err(failed(message.to_owned()));
            }
        }
        let given = self.uses.iter().map(|name| (name.as_str(), values.get(name)));
        let scope = Values::new(convert::object(given));
        let run = || VM::new().run(&self.code, &scope);
        // The evaluator is somebody else's: whatever it does, one item is held, and no more.
        let result = catch_unwind(AssertUnwindSafe(run))
            .map_err(|_| failed("it could not be evaluated".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        let value = convert::value(&result, &self.gives.of).map_err(failed)?;
        if value.is_null() && self.gives.required && self.gives.of != Type::Null {
            return Err(failed("it gives nothing".to_owned()));
        }
        Ok(value)
    }

    fn read(text: &str, scope: &Scope) -> Result<(Self, Of), ExprError> {
        guard::text(text)?;
        let parsed = catch_unwind(AssertUnwindSafe(|| Self::parse(text, scope)));
        let (of, (uses, added)) =
            parsed.unwrap_or_else(|_| Err(ExprError::new("EXPR_SYNTAX", "it cannot be read")))?;
        let compiled = catch_unwind(AssertUnwindSafe(|| Isolate::new().compile_standard(text)));
        let compiled = match compiled {
            Ok(Ok(compiled)) => compiled,
            Ok(Err(error)) => return Err(ExprError::new("EXPR_SYNTAX", &error.to_string())),
            Err(_) => return Err(ExprError::new("EXPR_SYNTAX", "it cannot be compiled")),
        };
        let code = std::sync::Arc::clone(compiled.bytecode());
        let gives = of.gives();
        Ok((Self { text: text.to_owned(), code, uses, gives, added }, of))
    }

    fn parse(text: &str, scope: &Scope) -> Result<(Of, Used), ExprError> {
        let syntax = |error: &dyn fmt::Display| {
            ExprError::new("EXPR_SYNTAX", &format!("it cannot be read: {error}")).within(text)
        };
        let bump = Bump::new();
        let mut lexer = Lexer::new();
        let tokens = lexer.tokenize(&bump, text).map_err(|error| syntax(&error))?;
        let parser = Parser::try_new(&tokens, &bump).map_err(|error| syntax(&error))?;
        let parsed = parser.standard().parse();
        parsed.error().map_err(|error| syntax(&error))?;
        guard::tree(parsed.root, 0).map_err(|error| error.within(text))?;
        let mut typing = typing::Typing::new(scope);
        let of = typing.of(parsed.root).map_err(|error| error.within(text))?;
        Ok((of, typing.into_uses()))
    }
}

impl ExprError {
    pub(crate) fn new(code: &'static str, message: &str) -> Self {
        Self { code, message: message.to_owned() }
    }

    fn within(mut self, text: &str) -> Self {
        self.message = format!("`{text}`: {}", self.message);
        self
    }
}

/// A name the tree says as `a.b`.
fn literal<'a>(node: &Node<'a>) -> Option<&'a str> {
    match node {
        Node::String(text) => Some(text),
        _ => None,
    }
}

fn number(variable: &Variable) -> Option<rust_decimal::Decimal> {
    match variable {
        Variable::Number(number) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
