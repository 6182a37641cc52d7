//! Functions, methods and conditions on elements: those that are allowed, with what they take and give.

use zen_expression::functions::{
    ClosureFunction, DateMethod, FunctionKind, InternalFunction, MethodKind,
};
use zen_expression::parser::Node;

use super::typing::{Kind, Of, Typing, mismatch};
use super::{ExprError, dates, literal};
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

/// The evaluator counts a letter such as `é` as two.
pub(super) const BYTES: &str = "texts are not counted here as people count: use the step `cut`, or ask \
    for a length as in `matches(x, '^.{0,60}$')`";

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
                    _ if of.is_text() => Err(ExprError::new("EXPR_NOT_ALLOWED", BYTES)),
                    kind => Err(mismatch(&format!("`len` is of a list, not of {kind}"))),
                }
            }
            (Is::Abs, [only]) => self.number(only),
            (Is::Floor | Is::Ceil, [only]) => self.number(only).map(|of| of.rounded(0)),
            (Is::Round | Is::Trunc, [only]) => self.number(only).map(|of| of.rounded(0)),
            (Is::Round | Is::Trunc, [number, Node::Number(places)]) => {
                let of = self.number(number)?;
                let places_max = u32::try_from(*places).ok().filter(|places| *places <= 28);
                let places_max =
                    places_max.ok_or_else(|| mismatch("0 to 28 places are possible"))?;
                Ok(of.rounded(places_max))
            }
            (Is::Sum | Is::Avg, [list]) => {
                self.adds = true;
                self.over(function, list)
            }
            (Is::Min | Is::Max, [list]) => self.over(function, list),
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
            (Is::Date, [only, Node::String(zone)]) => {
                dates::zone(zone)?;
                self.dated(only)
            }
            (Is::Date, [_]) => Err(ExprError::new("EXPR_NOT_ALLOWED", dates::NO_ZONE)),
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
            InternalFunction::Avg => {
                let of = item.over(&Of::sure(Type::Whole))?;
                Of { nullable: true, ..of }
            }
            _ => Of { nullable: true, ..item },
        })
    }

    /// A text may name a zone, and would then be read as the time it is there now.
    fn dated(&mut self, of: &Node<'_>) -> Found {
        let found = self.of(of)?;
        found.needed()?;
        match (&found.kind, literal(of)) {
            (Kind::Moment | Kind::Known(Type::Date | Type::Time), _) => {}
            (_, Some(text)) => dates::literal(text)?,
            (kind, None) => {
                let message = format!("`d()` is of a date or a time, not of {kind}");
                return Err(mismatch(&message));
            }
        }
        Ok(Of { kind: Kind::Moment, nullable: false, plain: false })
    }

    fn moment(&mut self, of: &Node<'_>) -> Result<(), ExprError> {
        let found = self.of(of)?;
        found.needed()?;
        match found.kind {
            Kind::Moment | Kind::Known(Type::Time) => Ok(()),
            kind => {
                let message = format!("this is compared with `d(x, 'UTC')`, not with {kind}");
                Err(mismatch(&message))
            }
        }
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
        match (method, arguments) {
            (Is::Add | Is::Sub, [Node::String(duration)]) => {
                dates::duration(duration)?;
                Ok(found)
            }
            (Is::StartOf | Is::EndOf, [Node::String(unit)]) => {
                dates::unit(unit)?;
                Ok(found)
            }
            (Is::Tz, [Node::String(zone)]) => {
                dates::zone(zone)?;
                Ok(found)
            }
            (Is::Format, [Node::String(format)]) => {
                dates::format(format)?;
                Ok(Of::text(false))
            }
            (Is::Diff, [other, Node::String(unit)]) => {
                dates::unit(unit)?;
                self.moment(other)?;
                Ok(Of::sure(Type::Whole))
            }
            (
                Is::IsSame | Is::IsBefore | Is::IsAfter | Is::IsSameOrBefore | Is::IsSameOrAfter,
                [other, rest @ ..],
            ) => {
                self.moment(other)?;
                match rest {
                    [] => {}
                    [Node::String(unit)] => dates::unit(unit)?,
                    _ => return Err(arguments_of(method)),
                }
                Ok(Of::sure(Type::Bool))
            }
            (Is::IsLeapYear, []) => Ok(Of::sure(Type::Bool)),
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
            _ => Err(arguments_of(method)),
        }
    }

    fn closure(&mut self, function: ClosureFunction, arguments: &[&Node<'_>]) -> Found {
        use ClosureFunction as Is;
        if function == Is::FlatMap {
            return Err(not_allowed("flatMap"));
        }
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
            Is::Map | Is::FlatMap => {
                each.needed()?;
                Ok(Of::sure(Type::List(Box::new(each.type_of()))))
            }
        }
    }
}

fn arguments_of(method: &DateMethod) -> ExprError {
    mismatch(&format!("`.{method}()` takes other arguments: see docs/FLOWS.md"))
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
