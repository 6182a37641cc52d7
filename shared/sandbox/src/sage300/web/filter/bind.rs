//! The meaning of a filter over one record type: properties found, operand types checked.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::super::resource::{Key, Row};
use super::super::super::schema::{Field, Kind, Shape};
use super::super::refusal::{self, Outcome};
use super::super::stored;
use super::datum::{self, Datum};
use super::parse::{Node, Operator};

/// A condition on one record.
#[derive(Debug)]
pub enum Filter<'s> {
    Any(Vec<Filter<'s>>),
    All(Vec<Filter<'s>>),
    Not(Box<Filter<'s>>),
    Compare(Operator, Term<'s>, Term<'s>),
    /// The first text has the second within, before or after it.
    Match(Place, Term<'s>, Term<'s>),
    Flag(Term<'s>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    AtStart,
    AtEnd,
}

#[derive(Debug)]
pub enum Term<'s> {
    Property(&'s Field),
    Constant(Datum<'s>),
    Length(Box<Term<'s>>),
    Condition(Box<Filter<'s>>),
}

impl<'s> Filter<'s> {
    #[must_use]
    pub fn admits(&self, row: &Row) -> bool {
        match self {
            Self::Any(filters) => filters.iter().any(|filter| filter.admits(row)),
            Self::All(filters) => filters.iter().all(|filter| filter.admits(row)),
            Self::Not(filter) => !filter.admits(row),
            Self::Compare(operator, left, right) => {
                holds(*operator, &left.value(row), &right.value(row))
            }
            Self::Match(place, whole, part) => match (whole.value(row), part.value(row)) {
                (Datum::Text(whole), Datum::Text(part)) => match place {
                    Place::Anywhere => whole.contains(part.as_ref()),
                    Place::AtStart => whole.starts_with(part.as_ref()),
                    Place::AtEnd => whole.ends_with(part.as_ref()),
                },
                _ => false,
            },
            Self::Flag(term) => term.value(row) == Datum::Flag(true),
        }
    }

    /// The equalities that every admitted record fulfils.
    #[must_use]
    pub fn near(&self) -> Key {
        let mut near = Key::new();
        self.each_bound(&mut |operator, field, constant| {
            if let (Operator::Eq, Some(value)) = (operator, json(constant)) {
                near.entry(field.name.clone()).or_insert(value);
            }
        });
        near
    }

    /// The least values that an admitted record can have.
    #[must_use]
    pub fn floor(&self) -> Key {
        let mut floor = Key::new();
        self.each_bound(&mut |operator, field, constant| {
            if let (Operator::Gt | Operator::Ge, Some(value)) = (operator, json(constant)) {
                floor.entry(field.name.clone()).or_insert(value);
            }
        });
        floor
    }

    /// Visits the comparisons of a property with a constant that every admitted record fulfils,
    /// each as if the property stood on the left.
    fn each_bound(&self, visit: &mut impl FnMut(Operator, &Field, &Datum<'_>)) {
        match self {
            Self::All(filters) => filters.iter().for_each(|filter| filter.each_bound(visit)),
            Self::Compare(operator, Term::Property(field), Term::Constant(constant)) => {
                visit(*operator, field, constant);
            }
            Self::Compare(operator, Term::Constant(constant), Term::Property(field)) => {
                visit(operator.turned(), field, constant);
            }
            _ => {}
        }
    }

    /// Adds the names of all properties that the filter reads.
    pub fn properties(&self, into: &mut BTreeSet<&'s str>) {
        match self {
            Self::Any(filters) | Self::All(filters) => {
                filters.iter().for_each(|filter| filter.properties(into));
            }
            Self::Not(filter) => filter.properties(into),
            Self::Compare(_, left, right) | Self::Match(_, left, right) => {
                left.properties(into);
                right.properties(into);
            }
            Self::Flag(term) => term.properties(into),
        }
    }
}

impl<'s> Term<'s> {
    fn value<'r>(&'r self, row: &'r Row) -> Datum<'r> {
        match self {
            Self::Property(field) => datum::read(field, row),
            Self::Constant(constant) => constant.clone(),
            Self::Length(inner) => match inner.value(row) {
                Datum::Text(text) => Datum::Number(Decimal::from(text.chars().count())),
                _ => Datum::Null,
            },
            Self::Condition(filter) => Datum::Flag(filter.admits(row)),
        }
    }

    fn properties(&self, into: &mut BTreeSet<&'s str>) {
        match self {
            Self::Property(field) => {
                into.insert(&field.name);
            }
            Self::Constant(_) => {}
            Self::Length(inner) => inner.properties(into),
            Self::Condition(filter) => filter.properties(into),
        }
    }

    /// The Edm type, for checking and for messages; null fits every type.
    fn type_name(&self) -> Cow<'s, str> {
        let name = match self {
            Self::Property(field) => match &field.kind {
                Kind::Enum(list) => return Cow::Borrowed(&list.name),
                Kind::Text { .. } => "Edm.String",
                Kind::Decimal { .. } | Kind::Int | Kind::Long => "Edm.Decimal",
                Kind::Bool => "Edm.Boolean",
                Kind::Date => "Edm.DateTimeOffset",
                Kind::Many(_) => "Collection",
            },
            Self::Constant(constant) => match constant {
                Datum::Null => "null",
                Datum::Text(_) => "Edm.String",
                Datum::Number(_) => "Edm.Decimal",
                Datum::Flag(_) => "Edm.Boolean",
                Datum::Date(_) => "Edm.DateTimeOffset",
                Datum::Member { .. } => "enum member",
            },
            Self::Length(_) => "Edm.Decimal",
            Self::Condition(_) => "Edm.Boolean",
        };
        Cow::Borrowed(name)
    }
}

/// # Errors
/// `InvalidParameters`: an unknown property or function, or operands of different types.
pub fn bind<'s>(node: &Node, shape: &'s Shape, type_name: &str) -> Outcome<Filter<'s>> {
    Binder { shape, type_name }.filter(node)
}

struct Binder<'s, 'm> {
    shape: &'s Shape,
    type_name: &'m str,
}

impl<'s> Binder<'s, '_> {
    fn filter(&self, node: &Node) -> Outcome<Filter<'s>> {
        let all = |nodes: &[Node]| {
            nodes.iter().map(|node| self.filter(node)).collect::<Outcome<Vec<_>>>()
        };
        match node {
            Node::Or(nodes) => Ok(Filter::Any(all(nodes)?)),
            Node::And(nodes) => Ok(Filter::All(all(nodes)?)),
            Node::Not(inner) => Ok(Filter::Not(Box::new(self.filter(inner)?))),
            Node::Compare(operator, left, right) => self.comparison(*operator, left, right),
            Node::Call(name, arguments) if name != "length" => self.call(name, arguments),
            _ => {
                let term = self.term(node)?;
                match term.type_name().as_ref() {
                    "Edm.Boolean" => Ok(Filter::Flag(term)),
                    other => Err(refusal::invalid_parameters(format!(
                        "The filter must evaluate to a single boolean value, not {other}."
                    ))),
                }
            }
        }
    }

    fn comparison(&self, operator: Operator, left: &Node, right: &Node) -> Outcome<Filter<'s>> {
        let left = self.term(left)?;
        let right = self.term(right)?;
        let (left, right) = match (left, right) {
            (Term::Property(field), Term::Constant(Datum::Text(text))) => {
                (Term::Property(field), chosen(field, text)?)
            }
            (Term::Constant(Datum::Text(text)), Term::Property(field)) => {
                (chosen(field, text)?, Term::Property(field))
            }
            other => other,
        };
        let types = (left.type_name(), right.type_name());
        let fits = types.0 == types.1
            || [&types.0, &types.1].into_iter().any(|name| name == "null")
            || [&types.0, &types.1].into_iter().any(|name| name == "enum member");
        if !fits || types.0 == "Collection" {
            return Err(refusal::invalid_parameters(format!(
                "A binary operator with incompatible types was detected. \
                 Found operand types '{}' and '{}'.",
                types.0, types.1
            )));
        }
        Ok(Filter::Compare(operator, left, right))
    }

    fn call(&self, name: &str, arguments: &[Node]) -> Outcome<Filter<'s>> {
        let [first, second] = arguments else { return Err(unknown_function(name)) };
        let (place, whole, part) = match name {
            "substringof" => (Place::Anywhere, second, first),
            "contains" => (Place::Anywhere, first, second),
            "startswith" => (Place::AtStart, first, second),
            "endswith" => (Place::AtEnd, first, second),
            _ => return Err(unknown_function(name)),
        };
        let (whole, part) = (self.term(whole)?, self.term(part)?);
        if whole.type_name() != "Edm.String" || part.type_name() != "Edm.String" {
            return Err(unknown_function(name));
        }
        Ok(Filter::Match(place, whole, part))
    }

    fn term(&self, node: &Node) -> Outcome<Term<'s>> {
        Ok(Term::Constant(match node {
            Node::Property(name) => {
                let unknown = || refusal::unknown_property(name, self.type_name);
                return Ok(Term::Property(self.shape.field(name).ok_or_else(unknown)?));
            }
            Node::Text(text) => Datum::Text(Cow::Owned(text.clone())),
            Node::Number(number) => Datum::Number(*number),
            Node::Date(date) => Datum::Date(Cow::Owned(date.clone())),
            Node::Flag(flag) => Datum::Flag(*flag),
            Node::Null => Datum::Null,
            Node::Call(name, arguments) if name == "length" => {
                let [argument] = arguments.as_slice() else { return Err(unknown_function(name)) };
                let inner = self.term(argument)?;
                if inner.type_name() != "Edm.String" {
                    return Err(unknown_function(name));
                }
                return Ok(Term::Length(Box::new(inner)));
            }
            Node::Call(..) | Node::Or(_) | Node::And(_) | Node::Not(_) | Node::Compare(..) => {
                return Ok(Term::Condition(Box::new(self.filter(node)?)));
            }
        }))
    }
}

/// A quoted literal beside a property: for a pick-list, the member of that name or stored value.
fn chosen<'s>(field: &'s Field, text: Cow<'s, str>) -> Outcome<Term<'s>> {
    let Kind::Enum(list) = &field.kind else { return Ok(Term::Constant(Datum::Text(text))) };
    let unknown =
        || refusal::invalid_parameters(format!("'{text}' is no value of '{}'.", list.name));
    datum::member(list, &text).map(Term::Constant).ok_or_else(unknown)
}

fn unknown_function(name: &str) -> super::super::super::resource::SageError {
    let text = format!("No function signature for '{name}' matches the specified arguments.");
    refusal::invalid_parameters(text)
}

fn holds(operator: Operator, left: &Datum<'_>, right: &Datum<'_>) -> bool {
    let same = match datum::compare(left, right) {
        Some(order) => order == Ordering::Equal,
        None => left == right,
    };
    let order = datum::compare(left, right);
    match operator {
        Operator::Eq => same,
        Operator::Ne => !same,
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => order.is_some_and(Ordering::is_ge),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => order.is_some_and(Ordering::is_le),
    }
}

/// The constant as records store it; `None` for null, which an index need not know.
fn json(constant: &Datum<'_>) -> Option<Value> {
    Some(match constant {
        Datum::Null => return None,
        Datum::Text(text) | Datum::Date(text) => Value::from(text.as_ref()),
        Datum::Number(number) => stored::number(number.normalize()),
        Datum::Flag(flag) => Value::from(*flag),
        Datum::Member { name, .. } => Value::from(*name),
    })
}
