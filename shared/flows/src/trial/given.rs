//! What a sample gives: laid over what it is like, and brought into the form of its entities.

use std::collections::BTreeMap;

use domain::money::{Currency, Money};

use super::Whole;
use crate::action;
use crate::document::Trigger;
use crate::entity::{self, FieldOf, Role, Type};
use crate::expr::Scope;
use crate::run::Expected;
use crate::value::Value;

/// Objects are laid over each other field by field; anything else replaces what was there.
pub(super) fn laid_over(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, value) in over {
                let below = under.remove(&name).unwrap_or_default();
                under.insert(name, laid_over(below, value));
            }
            Value::Object(under)
        }
        (_, over) => over,
    }
}

/// The values of these names, each of its entity.
pub(super) fn typed(
    whole: &Whole<'_>,
    names: &BTreeMap<&str, &str>,
) -> Result<BTreeMap<String, Value>, String> {
    for name in whole.own.given.keys() {
        if !names.contains_key(name.as_str()) {
            let known: Vec<&str> = names.keys().copied().collect();
            return Err(format!(
                "given.{name}: nothing asks for it; there are {}",
                known.join(", ")
            ));
        }
    }
    let mut values = BTreeMap::new();
    for (name, entity) in names {
        let value = whole.given.at(name);
        if value.is_null() {
            continue;
        }
        let entity = entity::find(entity).ok_or_else(|| entity::unknown(entity))?;
        let read = Type::Object(entity.fields.clone()).read(value.clone());
        values.insert((*name).to_owned(), read.map_err(|error| format!("given.{name}: {error}"))?);
    }
    Ok(values)
}

/// What no map may change: of the transaction, or of what the event carries.
pub(super) fn expected(
    trigger: &Trigger,
    values: &BTreeMap<String, Value>,
) -> Result<Expected, String> {
    let given = action::given(trigger);
    let of = given.iter().find(|(name, _)| *name == "transaction").or(given.last());
    let Some((name, entity)) = of else { return Err("nothing starts the flow".to_owned()) };
    let value = values.get(*name).ok_or_else(|| format!("given.{name} is missing"))?;
    let entity = entity::find(entity).ok_or_else(|| entity::unknown(entity))?;
    let of_role = |role| {
        let field = entity.fields.iter().find(|(_, field)| field.role == Some(role));
        field.map_or(&Value::Null, |(name, _)| value.at(name))
    };
    let currency: Currency = match of_role(Role::Currency).text() {
        Some(code) => code.parse().map_err(|error| format!("given.{name}: {error}"))?,
        None => Currency::USD,
    };
    let amount = of_role(Role::Amount).number().unwrap_or_default();
    let amount = Money::from_decimal(amount, currency);
    let amount = amount.map_err(|error| format!("given.{name}: {error}"))?;
    let transaction = of_role(Role::Reference).text().unwrap_or_default().to_owned();
    Ok(Expected { amount, transaction })
}

/// What the flow's condition sees.
pub(super) fn scope(trigger: &Trigger) -> Scope {
    let mut scope = Scope::default();
    for (name, entity) in action::given(trigger) {
        if let Some(entity) = entity::find(entity) {
            let of = Type::Object(entity.fields.clone());
            scope.define(name, FieldOf { of, required: true, role: None });
        }
    }
    scope
}
