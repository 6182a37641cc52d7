//! Any text as an expression: read, guarded, typed, and evaluated when it may be. Nothing may panic, hang,
//! or give something else than was promised.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use flows::entity::{FieldOf, Type};
use flows::expr::{Expression, Scope};
use flows::value::Value;
use libfuzzer_sys::fuzz_target;

/// What an expression of a payment sees.
static SCOPE: LazyLock<Scope> = LazyLock::new(|| {
    let mut scope = Scope::default();
    for (name, entity) in flows::action::GIVEN {
        if let Some(entity) = flows::entity::find(entity) {
            let of = Type::Object(entity.fields.clone());
            scope.define(name, FieldOf { of, required: true, role: None });
        }
    }
    scope
});

/// A payment of the shipped samples.
static VALUES: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let files = flows::shipped::files();
    let text = files.get("samples/two-invoices.yaml").map(String::as_str).unwrap_or_default();
    let sample = flows::document::Sample::read(text);
    let given = sample.map(|sample| sample.given).unwrap_or_default();
    let typed = given.into_iter().filter_map(|(name, value)| {
        let (_, entity) = flows::action::GIVEN.iter().find(|(given, _)| *given == name)?;
        let entity = flows::entity::find(entity)?;
        Some((name, Type::Object(entity.fields.clone()).read(value).ok()?))
    });
    typed.collect()
});

fuzz_target!(|text: &str| {
    let Ok((expression, gives)) = Expression::infer(text, &SCOPE) else { return };
    let Ok(value) = expression.evaluate(&VALUES) else { return };
    assert!(!(value.is_null() && gives.required && gives.of != Type::Null), "{text} gave nothing");
});
