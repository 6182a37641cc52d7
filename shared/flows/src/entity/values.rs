//! Values of a type: what is written as text becomes the number, date or time that is meant.

use std::fmt;

use rust_decimal::Decimal;

use super::{FieldOf, Type};
use crate::value::Value;

/// A value that is not of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// `lines[0].amount`; empty for the value itself.
    pub path: String,
    pub message: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

impl Type {
    /// The value in the type's own form: decimals, dates and times written as text are read.
    ///
    /// # Errors
    /// The first place that is of another type.
    pub fn read(&self, value: Value) -> Result<Value, Mismatch> {
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::Text { .. }, Value::Number(number)) => Ok(Value::Text(number.to_string())),
            (Self::Whole | Self::Decimal { .. } | Self::Amount { .. }, Value::Text(text)) => text
                .parse::<Decimal>()
                .map(Value::Number)
                .map_err(|_| self.mismatch(&text))
                .and_then(|number| self.checked(number)),
            (Self::Date, Value::Text(text)) => {
                text.parse().map(Value::Date).map_err(|_| self.mismatch(&text))
            }
            (Self::Time, Value::Text(text)) => {
                text.parse().map(Value::Time).map_err(|_| self.mismatch(&text))
            }
            (Self::List(of), Value::List(items)) => {
                let item =
                    |(index, item)| of.read(item).map_err(|error| error.at(&format!("[{index}]")));
                items.into_iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::List)
            }
            (Self::Object(fields), Value::Object(values)) => {
                let mut read = std::collections::BTreeMap::new();
                for (name, value) in values {
                    let field = fields.get(&name).ok_or_else(|| Mismatch {
                        path: name.clone(),
                        message: "there is no such field".to_owned(),
                    })?;
                    let value = field.of.read(value).map_err(|error| error.at(&name))?;
                    read.insert(name, value);
                }
                missing(fields, &read)?;
                Ok(Value::Object(read))
            }
            (_, value) => self.checked(value),
        }
    }

    /// Whether a value of type `of`, or this very value when it is written in a document, may stand
    /// where this type is wanted.
    #[must_use]
    pub fn takes(&self, of: &Self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => self == of || *of == Self::Null,
            _ => self.checked(value.clone()).is_ok(),
        }
    }

    fn checked(&self, value: impl Into<Value>) -> Result<Value, Mismatch> {
        let value = value.into();
        let fits = match (self, &value) {
            (Self::Null, Value::Null)
            | (Self::Bool, Value::Bool(_))
            | (Self::Date, Value::Date(_))
            | (Self::Time, Value::Time(_))
            | (Self::Amount { .. }, Value::Number(_))
            | (Self::List(_), Value::List(_))
            | (Self::Object(_), Value::Object(_)) => true,
            (Self::Text { len_max }, Value::Text(text)) => len_max
                .is_none_or(|max| u32::try_from(text.chars().count()).is_ok_and(|n| n <= max)),
            (Self::Whole, Value::Number(number)) => number.normalize().scale() == 0,
            (Self::Decimal { places_max }, Value::Number(number)) => {
                number.normalize().scale() <= *places_max
            }
            (Self::Choice(choices), Value::Text(text)) => choices.contains(text),
            _ => false,
        };
        if fits { Ok(value) } else { Err(self.mismatch(&value.to_string())) }
    }

    fn mismatch(&self, given: &str) -> Mismatch {
        Mismatch { path: String::new(), message: format!("`{given}` is not of type `{self}`") }
    }
}

fn missing(
    fields: &std::collections::BTreeMap<String, FieldOf>,
    values: &std::collections::BTreeMap<String, Value>,
) -> Result<(), Mismatch> {
    let absent = |name: &String| values.get(name).is_none_or(Value::is_null);
    match fields.iter().find(|(name, field)| field.required && absent(name)) {
        Some((name, _)) => {
            Err(Mismatch { path: name.clone(), message: "it must be given".to_owned() })
        }
        None => Ok(()),
    }
}

impl Mismatch {
    fn at(self, outer: &str) -> Self {
        let path = match self.path.as_str() {
            "" => outer.to_owned(),
            inner if inner.starts_with('[') => format!("{outer}{inner}"),
            inner => format!("{outer}.{inner}"),
        };
        Self { path, ..self }
    }
}

/// As it is written in `entities/*.yaml`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Text { len_max: None } => f.write_str("text"),
            Self::Text { len_max: Some(max) } => write!(f, "text {max}"),
            Self::Whole => f.write_str("whole"),
            Self::Decimal { places_max } => write!(f, "decimal {places_max}"),
            Self::Amount { currency } => write!(f, "amount {currency}"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Choice(choices) => write!(f, "choice {}", choices.join("|")),
            Self::List(of) => write!(f, "list of {of}"),
            Self::Object(_) => f.write_str("object"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::find;

    fn apply() -> Type {
        Type::Object(find("sage300.documents.apply").unwrap().fields.clone())
    }

    #[test]
    fn what_is_written_becomes_what_is_meant() {
        let line =
            |amount: &str| Value::object([("document", "IN1".into()), ("amount", amount.into())]);
        let answer = |amount: &str| {
            let lines = Value::List(vec![line(amount)]);
            Value::object([("lines", lines), ("unapplied", "0.00".into())])
        };
        let read = apply().read(answer("148.20")).unwrap();
        assert_eq!(read.at("lines").list()[0].at("amount"), &Value::from(Decimal::new(14_820, 2)));
        let wrong = apply().read(answer("much")).unwrap_err();
        assert_eq!(wrong.to_string(), "lines[0].amount: `much` is not of type `amount payment`");
        let short = Value::object([("lines", Value::List(Vec::new()))]);
        assert_eq!(apply().read(short).unwrap_err().to_string(), "unapplied: it must be given");
        let odd = Value::object([("line", Value::Null)]);
        assert_eq!(apply().read(odd).unwrap_err().to_string(), "line: there is no such field");
    }

    #[test]
    fn dates_times_and_lengths_are_looked_at() {
        let text = |len| Type::Text { len_max: Some(len) };
        assert_eq!(
            Type::Date.read("2026-03-02".into()),
            Ok(Value::Date("2026-03-02".parse().unwrap()))
        );
        let noon = "2026-03-02T12:00:00Z";
        assert_eq!(Type::Time.read(noon.into()), Ok(Value::Time(noon.parse().unwrap())));
        assert!(Type::Date.read("02/03/2026".into()).is_err());
        assert!(text(3).read("abc".into()).is_ok() && text(2).read("abc".into()).is_err());
        assert!(Type::Whole.read("1.5".into()).is_err() && Type::Whole.read("2.0".into()).is_ok());
        assert!(Type::Bool.read("yes".into()).is_err());
    }

    #[test]
    fn a_written_value_stands_where_it_fits() {
        let choice = Type::Choice(vec!["a".into(), "b".into()]);
        let text = Type::Text { len_max: None };
        assert!(choice.takes(&text, &"b".into()) && !choice.takes(&text, &"c".into()));
        assert!(!Type::Bool.takes(&Type::Whole, &Value::from(Decimal::ONE)));
        assert!(Type::Bool.takes(&Type::Bool, &Value::Bool(true)));
    }
}
