//! Functions, methods and conditions on elements: those that are allowed, with what they take and give.

use zen_expression::functions::{
    ClosureFunction, DateMethod, FunctionKind, InternalFunction, MethodKind,
};
use zen_expression::parser::Node;

use super::typing::{Kind, Of, Typing, mismatch};
use super::{ExprError, literal};
use crate::entity::Type;

type Found = Result<Of, ExprError>;

/// Every function there is for expressions.
const ALLOWED: &[InternalFunction] = &[
    InternalFunction::Upper,
    InternalFunction::Lower,
    InternalFunction::Trim,
    InternalFunction::StartsWith,
    InternalFunction::EndsWith,
    InternalFunction::Matches,
    InternalFunction::Contains,
    InternalFunction::Split,
    InternalFunction::Len,
    InternalFunction::Abs,
    InternalFunction::Floor,
    InternalFunction::Ceil,
    InternalFunction::Round,
    InternalFunction::Trunc,
    InternalFunction::Sum,
    InternalFunction::Min,
    InternalFunction::Max,
    InternalFunction::Avg,
    InternalFunction::String,
    InternalFunction::Number,
    InternalFunction::IsNumeric,
    InternalFunction::Date,
];

/// Longest pattern of `matches`, in characters.
const PATTERN_CHARS_MAX: usize = 60;

impl Typing<'_> {
    pub(super) fn function(&mut self, kind: &FunctionKind, arguments: &[&Node<'_>]) -> Found {
        match kind {
            FunctionKind::Internal(function) => self.internal(*function, arguments),
            FunctionKind::Closure(function) => self.closure(*function, arguments),
            FunctionKind::Deprecated(old) => Err(not_allowed(&old.to_string())),
        }
    }

    fn internal(&mut self, function: InternalFunction, arguments: &[&Node<'_>]) -> Found {
        use InternalFunction as Is;
        let text = Of::text(false);
        match (function, arguments) {
            (Is::Upper | Is::Lower | Is::Trim, [only]) => self.text(only).map(|_| text),
            (Is::StartsWith | Is::EndsWith, [whole, part]) => {
                self.text(whole)?;
                self.text(part)?;
                Ok(Of::sure(Type::Bool))
            }
            (Is::Matches, [whole, pattern]) => {
                self.text(whole)?;
                pattern_of(pattern)?;
                Ok(Of::sure(Type::Bool))
            }
            (Is::Contains, [whole, part]) => self.contains(whole, part),
            (Is::Split, [whole, by]) => {
                self.text(whole)?;
                self.text(by)?;
                Ok(Of::sure(Type::List(Box::new(Type::Text { len_max: None }))))
            }
            (Is::Len, [only]) => {
                let of = self.of(only)?;
                of.needed()?;
                match of.kind {
                    Kind::Known(Type::List(_)) => Ok(Of::sure(Type::Whole)),
                    _ if of.is_text() => Ok(Of::sure(Type::Whole)),
                    kind => Err(mismatch(&format!("`len` is of a text or a list, not of {kind}"))),
                }
            }
            (Is::Abs, [only]) => self.number(only),
            (Is::Floor | Is::Ceil, [only]) => self.number(only).map(|_| Of::sure(Type::Whole)),
            (Is::Round | Is::Trunc, [only]) => self.number(only).map(|_| Of::sure(Type::Whole)),
            (Is::Round | Is::Trunc, [number, Node::Number(places)]) => {
                self.number(number)?;
                let places_max = u32::try_from(*places).ok().filter(|places| *places <= 28);
                let places_max =
                    places_max.ok_or_else(|| mismatch("0 to 28 places are possible"))?;
                Ok(Of::sure(Type::Decimal { places_max }))
            }
            (Is::Sum | Is::Min | Is::Max | Is::Avg, [list]) => self.over(function, list),
            (Is::String, [only]) => {
                let of = self.of(only)?;
                of.needed()?;
                if of.is_scalar() { Ok(text) } else { Err(mismatch("a list is no text")) }
            }
            (Is::Number, [only]) => {
                self.text(only)?;
                Ok(Of::sure(Type::Decimal { places_max: 28 }))
            }
            (Is::IsNumeric, [only]) => self.of(only).map(|_| Of::sure(Type::Bool)),
            (Is::Date, [only] | [only, Node::String(_)]) => self.moment(only),
            _ if ALLOWED.contains(&function) => {
                Err(mismatch(&format!("`{function}()` takes other arguments: see docs/FLOWS.md")))
            }
            _ => Err(not_allowed(&function.to_string())),
        }
    }

    fn contains(&mut self, whole: &Node<'_>, part: &Node<'_>) -> Found {
        let (whole, part) = (self.of(whole)?, self.of(part)?);
        whole.needed()?;
        match &whole.kind {
            Kind::Known(Type::List(of)) => {
                part.or(&Of::sure((**of).clone()))?;
            }
            _ if whole.is_text() && part.is_text() => part.needed()?,
            kind => {
                return Err(mismatch(&format!("`contains` is of a text or a list, not of {kind}")));
            }
        }
        Ok(Of::sure(Type::Bool))
    }

    /// Of an empty list there is no least, greatest or mean; its sum is 0.
    fn over(&mut self, function: InternalFunction, list: &Node<'_>) -> Found {
        let of = self.of(list)?;
        of.needed()?;
        let Kind::Known(Type::List(item)) = of.kind else {
            return Err(mismatch(&format!("`{function}` is of a list, not of {}", of.kind)));
        };
        let item = Of::sure(*item);
        item.must_be_number()?;
        Ok(match function {
            InternalFunction::Sum => item,
            InternalFunction::Avg => Of { nullable: true, ..item.times(&item) },
            _ => Of { nullable: true, ..item },
        })
    }

    fn moment(&mut self, of: &Node<'_>) -> Found {
        let found = self.of(of)?;
        found.needed()?;
        match found.kind {
            Kind::Moment | Kind::Known(Type::Date | Type::Time) => {}
            _ if found.is_text() => {}
            kind => {
                return Err(mismatch(&format!(
                    "`d()` is of a date, a time or a text, not of {kind}"
                )));
            }
        }
        Ok(Of { kind: Kind::Moment, nullable: false, plain: false })
    }

    pub(super) fn method(
        &mut self,
        kind: &MethodKind,
        this: &Node<'_>,
        arguments: &[&Node<'_>],
    ) -> Found {
        use DateMethod as Is;
        let MethodKind::DateMethod(method) = kind;
        let found = self.of(this)?;
        if found.kind != Kind::Moment {
            return Err(mismatch(&format!("`.{method}()` is of `d(...)`, not of {}", found.kind)));
        }
        let constant = |node: &&Node<'_>| matches!(node, Node::String(_) | Node::Number(_));
        match (method, arguments) {
            (Is::Add | Is::Sub | Is::StartOf | Is::EndOf | Is::Tz, arguments)
                if !arguments.is_empty() && arguments.iter().all(constant) =>
            {
                Ok(found)
            }
            (Is::Format, [Node::String(_)]) => Ok(Of::text(false)),
            (Is::Diff, [other, rest @ ..]) if rest.iter().all(constant) => {
                self.moment(other)?;
                Ok(Of::sure(Type::Decimal { places_max: 28 }))
            }
            (
                Is::IsSame | Is::IsBefore | Is::IsAfter | Is::IsSameOrBefore | Is::IsSameOrAfter,
                [other, rest @ ..],
            ) if rest.iter().all(constant) => {
                self.moment(other)?;
                Ok(Of::sure(Type::Bool))
            }
            (Is::IsValid | Is::IsLeapYear, []) => Ok(Of::sure(Type::Bool)),
            (
                Is::Second
                | Is::Minute
                | Is::Hour
                | Is::Day
                | Is::DayOfYear
                | Is::Week
                | Is::Weekday
                | Is::Month
                | Is::Quarter
                | Is::Year,
                [],
            ) => Ok(Of::sure(Type::Whole)),
            (Is::IsToday | Is::IsTomorrow | Is::IsYesterday, _) => {
                let message = "it asks the clock: compare with `run.now` or `run.today`";
                Err(ExprError::new("EXPR_NOT_ALLOWED", message))
            }
            _ => Err(mismatch(&format!("`.{method}()` takes other arguments: see docs/FLOWS.md"))),
        }
    }

    fn closure(&mut self, function: ClosureFunction, arguments: &[&Node<'_>]) -> Found {
        use ClosureFunction as Is;
        let [list, Node::Closure { body, alias }] = arguments else {
            return Err(mismatch(&format!("`{function}` takes a list and what is asked of each")));
        };
        let found = self.of(list)?;
        found.needed()?;
        let Kind::Known(Type::List(item)) = found.kind else {
            return Err(mismatch(&format!("`{function}` is of a list, not of {}", found.kind)));
        };
        let item = *item;
        self.elements.push((alias.map(str::to_owned), item.clone()));
        let each = if function == Is::Map { self.of(body) } else { self.bool(body) };
        self.elements.pop();
        let each = each?;
        match function {
            Is::All | Is::None | Is::Some | Is::One => Ok(Of::sure(Type::Bool)),
            Is::Count => Ok(Of::sure(Type::Whole)),
            Is::Filter => Ok(Of::sure(Type::List(Box::new(item)))),
            Is::Map => {
                each.needed()?;
                Ok(Of::sure(Type::List(Box::new(each.type_of()))))
            }
            Is::FlatMap => Err(not_allowed("flatMap")),
        }
    }
}

fn pattern_of(node: &Node<'_>) -> Result<(), ExprError> {
    match literal(node) {
        Some(pattern) if pattern.chars().count() <= PATTERN_CHARS_MAX => Ok(()),
        Some(_) => {
            let message = format!("a pattern has at most {PATTERN_CHARS_MAX} characters");
            Err(ExprError::new("EXPR_TOO_LONG", &message))
        }
        None => Err(ExprError::new("EXPR_NOT_ALLOWED", "a pattern stands in the text itself")),
    }
}

fn not_allowed(name: &str) -> ExprError {
    let message = format!("`{name}()` is not among the functions allowed: see docs/FLOWS.md");
    ExprError::new("EXPR_NOT_ALLOWED", &message)
}
