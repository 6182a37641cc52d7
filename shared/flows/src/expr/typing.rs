//! What an expression gives, known before it is evaluated: its type, whether it may be null, and for
//! amounts whose currency it is.

use std::collections::{BTreeMap, BTreeSet};

use zen_expression::lexer::{ArithmeticOperator, ComparisonOperator, LogicalOperator, Operator};
use zen_expression::parser::Node;

use super::calls::BYTES;
use super::exact::Digits;
use super::{ExprError, Scope, literal};
use crate::action::nearest;
use crate::entity::{FieldOf, Type};

/// What a part of an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Of {
    pub kind: Kind,
    pub nullable: bool,
    /// A number that stands in the text: it may stand for an amount of any currency.
    pub plain: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Known(Type),
    /// A point in time made by `d(...)`.
    Moment,
    /// A product or quotient of an amount in this currency: no amount until it is rounded.
    Unrounded(String),
}

pub(super) struct Typing<'a> {
    scope: &'a Scope,
    uses: BTreeSet<String>,
    /// Whether numbers are added in it.
    pub(super) adds: bool,
    /// Of the numbers that stand in the text.
    digits: Digits,
    /// What `#` and an alias mean, innermost last.
    pub(super) elements: Vec<(Option<String>, Type)>,
}

type Found = Result<Of, ExprError>;

impl<'a> Typing<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self {
            scope,
            uses: BTreeSet::new(),
            adds: false,
            digits: Digits::default(),
            elements: Vec::new(),
        }
    }

    /// The names it uses, and when it adds numbers, how long those are that stand in the text.
    pub(super) fn into_uses(self) -> (BTreeSet<String>, Option<Digits>) {
        (self.uses, self.adds.then_some(self.digits))
    }

    pub(super) fn of(&mut self, node: &Node<'_>) -> Found {
        match node {
            Node::Null => Ok(Of { nullable: true, ..Of::sure(Type::Null) }),
            Node::Bool(_) => Ok(Of::sure(Type::Bool)),
            Node::Number(number) => {
                self.digits.widen(*number);
                let places_max = number.normalize().scale();
                let of = if places_max == 0 { Type::Whole } else { Type::Decimal { places_max } };
                Ok(Of { plain: true, ..Of::sure(of) })
            }
            Node::String(text) => Ok(Of::sure(Type::Choice(vec![(*text).to_owned()]))),
            Node::TemplateString(parts) => self.template(parts),
            Node::Pointer => self.element(None),
            Node::Array(items) => self.list(items),
            Node::Identifier(name) => self.name(name),
            Node::Parenthesized(inner) => self.of(inner),
            Node::Member { node, property } => self.member(node, property),
            Node::Slice { .. } => Err(ExprError::new("EXPR_NOT_ALLOWED", BYTES)),
            Node::Conditional { condition, on_true, on_false } => {
                self.bool(condition)?;
                let (yes, no) = (self.of(on_true)?, self.of(on_false)?);
                yes.or(&no)
            }
            Node::Unary { node, operator } => self.unary(node, *operator),
            Node::Binary { left, operator, right } => self.binary(left, *operator, right),
            Node::FunctionCall { kind, arguments } => self.function(kind, arguments),
            Node::MethodCall { kind, this, arguments } => self.method(kind, this, arguments),
            Node::Interval { .. } => {
                Err(mismatch("a range of numbers stands after `in`, as in `x in [1..10]`"))
            }
            _ => Err(ExprError::new("EXPR_NOT_ALLOWED", "this cannot be said here")),
        }
    }

    fn name(&mut self, name: &str) -> Found {
        if self.elements.iter().any(|(alias, _)| alias.as_deref() == Some(name)) {
            return self.element(Some(name));
        }
        let Some(field) = self.scope.find(name) else {
            let near = nearest(name, self.scope.names());
            let message = match near {
                Some(near) => format!("nothing is called `{name}` here; did you mean `{near}`?"),
                None => {
                    let known: Vec<&str> = self.scope.names().collect();
                    format!("nothing is called `{name}` here; there are {}", known.join(", "))
                }
            };
            return Err(ExprError { code: "NAME_UNKNOWN", message });
        };
        self.uses.insert(name.to_owned());
        Ok(Of::field(field))
    }

    fn element(&self, alias: Option<&str>) -> Found {
        let meant = self
            .elements
            .iter()
            .rev()
            .find(|(name, _)| alias.is_none_or(|alias| name.as_deref() == Some(alias)));
        let (_, of) = meant.ok_or_else(|| {
            ExprError::new("NAME_UNKNOWN", "`#` is an element, and there is no list around it")
        })?;
        Ok(Of::sure(of.clone()))
    }

    fn member(&mut self, node: &Node<'_>, property: &Node<'_>) -> Found {
        let of = self.of(node)?;
        match (&of.kind, literal(property)) {
            (Kind::Known(Type::Object(fields)), Some(name)) => {
                let found = field_of(fields, name)?;
                Ok(Of { nullable: of.nullable || found.nullable, ..found })
            }
            (Kind::Known(Type::List(_)), Some(name)) => {
                let message = format!(
                    "`.{name}` is asked of a list: of the first it is `[0].{name}`, of all \
                     `map(list, #.{name})`"
                );
                Err(ExprError { code: "FIELD_UNKNOWN", message })
            }
            (Kind::Known(Type::List(item)), None) => {
                if self.number(property)?.kind != Kind::Known(Type::Whole) {
                    return Err(mismatch("the place in a list is a whole number, from 0"));
                }
                Ok(Of { nullable: true, ..Of::sure((**item).clone()) })
            }
            (kind, Some(name)) => {
                let message = format!("`.{name}` is asked of {kind}, which has no fields");
                Err(ExprError { code: "FIELD_UNKNOWN", message })
            }
            _ => Err(mismatch("a field is named by text")),
        }
    }

    fn template(&mut self, parts: &[&Node<'_>]) -> Found {
        for part in parts {
            let of = self.of(part)?;
            of.needed()?;
            if !of.is_scalar() {
                return Err(mismatch(&format!("{} cannot stand in a text", of.kind)));
            }
        }
        Ok(Of::text(false))
    }

    fn list(&mut self, items: &[&Node<'_>]) -> Found {
        let mut common: Option<Of> = None;
        for item in items {
            let of = self.of(item)?;
            common = Some(match common {
                None => of,
                Some(common) => common.or(&of)?,
            });
        }
        let of = common.map_or(Type::Null, |of| of.type_of());
        Ok(Of::sure(Type::List(Box::new(of))))
    }

    fn unary(&mut self, node: &Node<'_>, operator: Operator) -> Found {
        match operator {
            Operator::Logical(LogicalOperator::Not) => {
                self.bool(node)?;
                Ok(Of::sure(Type::Bool))
            }
            Operator::Arithmetic(_) => self.number(node),
            other => Err(ExprError::new("EXPR_NOT_ALLOWED", &format!("`{other}` stands alone"))),
        }
    }

    fn binary(&mut self, left: &Node<'_>, operator: Operator, right: &Node<'_>) -> Found {
        match operator {
            Operator::Logical(LogicalOperator::NullishCoalescing) => {
                let (left, right) = (self.of(left)?, self.of(right)?);
                let nullable = right.nullable;
                Of { nullable: false, ..left }.or(&right).map(|of| Of { nullable, ..of })
            }
            Operator::Logical(_) => {
                self.bool(left)?;
                self.bool(right)?;
                Ok(Of::sure(Type::Bool))
            }
            Operator::Comparison(ComparisonOperator::In | ComparisonOperator::NotIn) => {
                self.within(left, right)
            }
            Operator::Comparison(comparison) => self.compare(left, comparison, right),
            Operator::Arithmetic(arithmetic) => self.calculate(left, arithmetic, right),
            other => {
                Err(ExprError::new("EXPR_NOT_ALLOWED", &format!("`{other}` cannot stand here")))
            }
        }
    }

    fn within(&mut self, left: &Node<'_>, right: &Node<'_>) -> Found {
        let item = self.of(left)?;
        if let Node::Interval { left, right, .. } = right {
            item.needed()?;
            item.must_be_number()?;
            for edge in [left, right] {
                let edge = self.number(edge)?;
                item.or(&edge)?;
            }
            return Ok(Of::sure(Type::Bool));
        }
        if let Node::Array(elements) = right {
            for element in *elements {
                let element = self.of(element)?;
                item.or(&element)?;
            }
            return Ok(Of::sure(Type::Bool));
        }
        let all = self.of(right)?;
        match (&all.kind, right) {
            (Kind::Known(Type::List(of)), _) => {
                all.needed()?;
                item.or(&Of::sure((**of).clone()))?;
            }
            (kind, _) => return Err(mismatch(&format!("`in` asks a list, this is {kind}"))),
        }
        Ok(Of::sure(Type::Bool))
    }

    fn compare(
        &mut self,
        left: &Node<'_>,
        comparison: ComparisonOperator,
        right: &Node<'_>,
    ) -> Found {
        let (left, right) = (self.of(left)?, self.of(right)?);
        left.or(&right)?;
        let equality =
            matches!(comparison, ComparisonOperator::Equal | ComparisonOperator::NotEqual);
        if !equality {
            left.needed()?;
            right.needed()?;
            if left.kind != Kind::Moment {
                left.must_be_number()?;
                right.must_be_number()?;
            }
        }
        Ok(Of::sure(Type::Bool))
    }

    fn calculate(
        &mut self,
        left: &Node<'_>,
        arithmetic: ArithmeticOperator,
        right: &Node<'_>,
    ) -> Found {
        use ArithmeticOperator::{Add, Divide, Modulus, Multiply, Power, Subtract};
        // Divided by zero is null; a number that stands in the text is seen to be none.
        let nullable = !matches!(right, Node::Number(number) if !number.is_zero());
        let (left, right) = (self.of(left)?, self.of(right)?);
        left.needed()?;
        right.needed()?;
        if arithmetic == Add && left.is_text() && right.is_text() {
            return Ok(Of::text(false));
        }
        if arithmetic == Add && (left.is_text() || right.is_text()) {
            let message = "a text and a number are added: write the text as `... ${x} ...`";
            return Err(mismatch(message));
        }
        left.must_be_number()?;
        right.must_be_number()?;
        self.adds |= matches!(arithmetic, Add | Subtract);
        match arithmetic {
            Add | Subtract => left.or(&right).map(|of| Of { plain: false, ..of }),
            Multiply => left.times(&right),
            Divide => left.over(&right).map(|of| Of { nullable, ..of }),
            Modulus => left.or(&right).map(|of| Of { nullable, plain: false, ..of }),
            Power => Err(ExprError::new("EXPR_NOT_ALLOWED", "`^` is not exact for amounts")),
        }
    }

    pub(super) fn bool(&mut self, node: &Node<'_>) -> Found {
        let of = self.of(node)?;
        of.needed()?;
        match of.kind {
            Kind::Known(Type::Bool) => Ok(of),
            kind => Err(mismatch(&format!("yes or no is wanted, this is {kind}"))),
        }
    }

    pub(super) fn number(&mut self, node: &Node<'_>) -> Found {
        let of = self.of(node)?;
        of.needed()?;
        of.must_be_number()?;
        Ok(of)
    }

    pub(super) fn text(&mut self, node: &Node<'_>) -> Found {
        let of = self.of(node)?;
        of.needed()?;
        if of.is_text() {
            return Ok(of);
        }
        Err(mismatch(&format!("text is wanted, this is {}", of.kind)))
    }
}

fn field_of(fields: &BTreeMap<String, FieldOf>, name: &str) -> Found {
    if let Some(field) = fields.get(name) {
        return Ok(Of::field(field));
    }
    let message = match nearest(name, fields.keys().map(String::as_str)) {
        Some(near) => format!("there is no field `{name}`; did you mean `{near}`?"),
        None => {
            let known: Vec<&str> = fields.keys().map(String::as_str).collect();
            format!("there is no field `{name}`; there are {}", known.join(", "))
        }
    };
    Err(ExprError { code: "FIELD_UNKNOWN", message })
}

pub(super) fn mismatch(message: &str) -> ExprError {
    ExprError::new("TYPE_MISMATCH", message)
}
