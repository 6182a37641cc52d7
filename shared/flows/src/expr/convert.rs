//! Our values as the evaluator's, and back. Its values are not ours to keep: they never leave a call.

use zen_expression::Variable;
use zen_expression::variable::VariableMap;

use super::number;
use crate::entity::Type;
use crate::value::Value;

/// Elements and fields of a result: more than this is no result.
const PARTS_MAX: usize = 10_000;
/// Characters of a text that is a result.
const CHARS_MAX: usize = 100_000;

pub(super) fn object<'a>(fields: impl Iterator<Item = (&'a str, Option<&'a Value>)>) -> Variable {
    let mut map = VariableMap::new();
    for (name, value) in fields {
        map.insert(Variable::key(name), value.map_or(Variable::Null, variable));
    }
    Variable::from_object(map)
}

fn variable(value: &Value) -> Variable {
    match value {
        Value::Null => Variable::Null,
        Value::Bool(flag) => Variable::Bool(*flag),
        Value::Number(number) => Variable::Number(*number),
        Value::Text(text) => Variable::String(Variable::key(text)),
        Value::Date(date) => Variable::String(Variable::key(&date.to_string())),
        Value::Time(time) => Variable::String(Variable::key(&time.to_string())),
        Value::List(items) => Variable::from_array(items.iter().map(variable).collect()),
        Value::Object(fields) => {
            object(fields.iter().map(|(name, value)| (name.as_str(), Some(value))))
        }
    }
}

/// The result, as the type it was promised to be.
pub(super) fn value(result: &Variable, of: &Type) -> Result<Value, String> {
    let mut parts = 0;
    plain(result, &mut parts).and_then(|value| typed(value, of))
}

fn plain(result: &Variable, parts: &mut usize) -> Result<Value, String> {
    *parts += 1;
    if *parts > PARTS_MAX {
        return Err(format!("it gives more than {PARTS_MAX} values"));
    }
    if let Some(number) = number(result) {
        return Ok(Value::Number(number));
    }
    match result {
        Variable::Null => Ok(Value::Null),
        Variable::Bool(flag) => Ok(Value::Bool(*flag)),
        Variable::Array(items) => {
            let items = items.borrow();
            let values: Result<Vec<Value>, String> =
                items.iter().map(|item| plain(item, parts)).collect();
            values.map(Value::List)
        }
        Variable::Object(fields) => {
            let fields = fields.borrow();
            let values = fields.iter().map(|(name, value)| {
                plain(value, parts).map(|value| (name.as_str().to_owned(), value))
            });
            values.collect::<Result<_, _>>().map(Value::Object)
        }
        other => match other.as_str() {
            Some(text) if text.len() <= CHARS_MAX => Ok(Value::Text(text.to_owned())),
            Some(_) => Err("it gives too long a text".to_owned()),
            None => Err(format!("it gives a {}", other.type_name())),
        },
    }
}

/// Dates and times come back as text.
fn typed(value: Value, of: &Type) -> Result<Value, String> {
    match (of, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Type::Date, Value::Text(text)) => {
            let day = text.get(..10).unwrap_or(&text);
            day.parse().map(Value::Date).map_err(|_| format!("`{text}` is no date"))
        }
        (Type::Time, Value::Text(text)) => {
            text.parse().map(Value::Time).map_err(|_| format!("`{text}` is no time"))
        }
        (Type::List(of), Value::List(items)) => {
            let items = items.into_iter().map(|item| typed(item, of));
            items.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Object(fields), Value::Object(values)) => {
            let values = values.into_iter().map(|(name, value)| {
                let value = match fields.get(&name) {
                    Some(field) => typed(value, &field.of)?,
                    None => value,
                };
                Ok((name, value))
            });
            values.collect::<Result<_, String>>().map(Value::Object)
        }
        (Type::Choice(choices), Value::Text(text)) if !choices.contains(&text) => {
            Err(format!("`{text}` is none of {}", choices.join(", ")))
        }
        (_, value) => Ok(value),
    }
}
