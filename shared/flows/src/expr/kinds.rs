//! How what two parts give goes together, and whether it is what is wanted.

use std::fmt;

use super::ExprError;
use super::typing::{Kind, Of, mismatch};
use crate::entity::{FieldOf, Type};

/// A rounded number of at most so many places may be an amount: no currency has more.
const PLACES_OF_MONEY: u32 = 3;

impl Of {
    pub(super) fn sure(of: Type) -> Self {
        Self { kind: Kind::Known(of), nullable: false, plain: false }
    }

    pub(super) fn text(nullable: bool) -> Self {
        Self { nullable, ..Self::sure(Type::Text { len_max: None }) }
    }

    pub(super) fn field(field: &FieldOf) -> Self {
        Self { nullable: !field.required, ..Self::sure(field.of.clone()) }
    }

    pub(super) fn gives(&self) -> FieldOf {
        FieldOf { of: self.type_of(), required: !self.nullable, role: None }
    }

    pub(super) fn type_of(&self) -> Type {
        match &self.kind {
            Kind::Known(of) => of.clone(),
            Kind::Moment => Type::Time,
            Kind::Unrounded(_) => Type::Decimal { places_max: 28 },
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Known(Type::Text { .. } | Type::Choice(_)))
    }

    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self.kind, Kind::Known(Type::List(_) | Type::Object(_)))
    }

    /// # Errors
    /// When it may be null.
    pub(super) fn needed(&self) -> Result<(), ExprError> {
        if !self.nullable {
            return Ok(());
        }
        let message =
            format!("{} may be null here: say what stands for that, as in `x ?? ''`", self.kind);
        Err(ExprError { code: "MAY_BE_NULL", message })
    }

    /// # Errors
    /// When it is no number.
    pub(super) fn must_be_number(&self) -> Result<(), ExprError> {
        match &self.kind {
            Kind::Unrounded(_)
            | Kind::Known(Type::Whole | Type::Decimal { .. } | Type::Amount { .. }) => Ok(()),
            kind => Err(mismatch(&format!("a number is wanted, this is {kind}"))),
        }
    }

    /// What both are: amounts of one currency, numbers, texts.
    ///
    /// # Errors
    /// When they do not go together.
    pub(super) fn or(&self, other: &Self) -> Result<Self, ExprError> {
        let nullable = self.nullable || other.nullable;
        let plain = self.plain && other.plain;
        let kind = match (&self.kind, &other.kind) {
            (Kind::Known(Type::Null), kind) | (kind, Kind::Known(Type::Null)) => kind.clone(),
            (Kind::Known(a), Kind::Known(b)) => {
                Kind::Known(common((a, self.plain), (b, other.plain))?)
            }
            (Kind::Unrounded(a), Kind::Unrounded(b)) => {
                common_currency(a, b)?;
                Kind::Unrounded(a.clone())
            }
            (Kind::Unrounded(a), Kind::Known(of)) => unrounded_and(a, of, other.plain)?,
            (Kind::Known(of), Kind::Unrounded(a)) => unrounded_and(a, of, self.plain)?,
            (Kind::Moment, Kind::Moment | Kind::Known(Type::Time))
            | (Kind::Known(Type::Time), Kind::Moment) => Kind::Moment,
            (a, b) => return Err(mismatch(&format!("{a} and {b} do not go together"))),
        };
        Ok(Self { kind, nullable, plain })
    }

    /// # Errors
    /// An amount times an amount is nothing.
    pub(super) fn times(&self, other: &Self) -> Result<Self, ExprError> {
        match (self.currency(), other.currency()) {
            (Some(_), Some(_)) => Err(mismatch("an amount times an amount is no amount")),
            (Some(currency), None) | (None, Some(currency)) => Ok(Self::unrounded(currency)),
            (None, None) => Ok(Self::sure(Type::Decimal { places_max: 28 })),
        }
    }

    /// # Errors
    /// When both are amounts, of two currencies.
    pub(super) fn over(&self, other: &Self) -> Result<Self, ExprError> {
        match (self.currency(), other.currency()) {
            (Some(currency), None) => Ok(Self::unrounded(currency)),
            (Some(a), Some(b)) => {
                common_currency(a, b)?;
                Ok(Self::sure(Type::Decimal { places_max: 28 }))
            }
            (None, _) => Ok(Self::sure(Type::Decimal { places_max: 28 })),
        }
    }

    /// A rounded amount is one of its currency.
    pub(super) fn rounded(&self, places_max: u32) -> Self {
        match self.currency() {
            Some(currency) if places_max <= PLACES_OF_MONEY => {
                Self::sure(Type::Amount { currency: currency.to_owned() })
            }
            Some(currency) => Self::unrounded(currency),
            None if places_max == 0 => Self::sure(Type::Whole),
            None => Self::sure(Type::Decimal { places_max }),
        }
    }

    pub(super) fn unrounded(currency: &str) -> Self {
        Self { kind: Kind::Unrounded(currency.to_owned()), nullable: false, plain: false }
    }

    pub(super) fn currency(&self) -> Option<&str> {
        match &self.kind {
            Kind::Known(Type::Amount { currency }) | Kind::Unrounded(currency) => Some(currency),
            _ => None,
        }
    }

    /// # Errors
    /// When it is not surely what is wanted.
    pub(super) fn fits(&self, wanted: &Type) -> Result<(), ExprError> {
        let fits = match (&self.kind, wanted) {
            (Kind::Known(Type::Null), _) => true,
            (Kind::Moment, Type::Time | Type::Date) => true,
            (Kind::Unrounded(_), Type::Decimal { places_max }) => *places_max >= 28,
            (Kind::Unrounded(currency), Type::Amount { currency: asked }) => {
                common_currency(currency, asked)?;
                return Err(unrounded());
            }
            (Kind::Known(Type::Amount { currency }), Type::Amount { currency: asked }) => {
                common_currency(currency, asked)?;
                true
            }
            (Kind::Known(Type::Decimal { places_max }), Type::Amount { .. }) => {
                if *places_max > PLACES_OF_MONEY {
                    return Err(unrounded());
                }
                true
            }
            (Kind::Known(Type::Whole), Type::Amount { .. } | Type::Decimal { .. }) => true,
            (Kind::Known(Type::Decimal { places_max }), Type::Decimal { places_max: asked }) => {
                places_max <= asked
            }
            (Kind::Known(Type::Amount { .. }), Type::Decimal { places_max }) => {
                *places_max >= PLACES_OF_MONEY
            }
            (Kind::Known(Type::Choice(some)), Type::Choice(all)) => {
                some.iter().all(|one| all.contains(one))
            }
            (Kind::Known(Type::Choice(some)), Type::Text { len_max }) => some.iter().all(|one| {
                len_max.is_none_or(|max| u32::try_from(one.chars().count()).is_ok_and(|n| n <= max))
            }),
            (Kind::Known(Type::Text { .. }), Type::Text { .. }) => true,
            (Kind::Known(Type::List(of)), Type::List(asked)) => {
                return Self::sure((**of).clone()).fits(asked);
            }
            (Kind::Known(Type::Object(has)), Type::Object(asked)) => {
                asked.iter().all(|(name, field)| {
                    let there = has.get(name);
                    there
                        .map_or(!field.required, |there| Self::field(there).fits(&field.of).is_ok())
                })
            }
            (Kind::Known(of), asked) => of == asked,
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(mismatch(&format!("{wanted} is wanted, this is {}", self.kind)))
        }
    }
}

/// A number as it stands in the text takes the currency of the amount beside it.
fn common((a, a_plain): (&Type, bool), (b, b_plain): (&Type, bool)) -> Result<Type, ExprError> {
    match (a, b) {
        _ if a == b => Ok(a.clone()),
        (Type::Amount { currency: a }, Type::Amount { currency: b }) => Err(currencies(a, b)),
        (Type::Amount { .. }, Type::Whole | Type::Decimal { .. }) if b_plain => Ok(a.clone()),
        (Type::Whole | Type::Decimal { .. }, Type::Amount { .. }) if a_plain => Ok(b.clone()),
        (Type::Amount { .. }, Type::Whole | Type::Decimal { .. })
        | (Type::Whole | Type::Decimal { .. }, Type::Amount { .. }) => {
            Err(mismatch("an amount of money and a mere number do not go together"))
        }
        (Type::Whole, Type::Decimal { .. }) => Ok(b.clone()),
        (Type::Decimal { .. }, Type::Whole) => Ok(a.clone()),
        (Type::Decimal { places_max: a }, Type::Decimal { places_max: b }) => {
            Ok(Type::Decimal { places_max: (*a).max(*b) })
        }
        (Type::Choice(a), Type::Choice(b)) => {
            let mut all = a.clone();
            all.extend(b.iter().filter(|one| !a.contains(one)).cloned());
            Ok(Type::Choice(all))
        }
        (Type::Text { .. } | Type::Choice(_), Type::Text { .. } | Type::Choice(_)) => {
            Ok(Type::Text { len_max: None })
        }
        (Type::List(a), Type::List(b)) => {
            Ok(Type::List(Box::new(common((a.as_ref(), false), (b.as_ref(), false))?)))
        }
        (Type::Null, other) | (other, Type::Null) => Ok(other.clone()),
        _ => Err(mismatch(&format!("{a} and {b} do not go together"))),
    }
}

fn unrounded_and(currency: &str, of: &Type, plain: bool) -> Result<Kind, ExprError> {
    match of {
        Type::Amount { currency: other } => common_currency(currency, other)?,
        Type::Whole | Type::Decimal { .. } if plain => {}
        of => return Err(mismatch(&format!("an unrounded amount and `{of}` do not go together"))),
    }
    Ok(Kind::Unrounded(currency.to_owned()))
}

fn common_currency(a: &str, b: &str) -> Result<(), ExprError> {
    if a == b { Ok(()) } else { Err(currencies(a, b)) }
}

fn currencies(a: &str, b: &str) -> ExprError {
    let message = format!("an amount in the currency of `{a}` and one in that of `{b}`");
    ExprError { code: "CURRENCY_MISMATCH", message }
}

fn unrounded() -> ExprError {
    let message = "this has more places than money: say how it is rounded, as in `round(x, 2)`";
    ExprError::new("NOT_ROUNDED", message)
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(of) => write!(f, "`{of}`"),
            Self::Moment => f.write_str("a point in time"),
            Self::Unrounded(_) => f.write_str("an unrounded amount"),
        }
    }
}
