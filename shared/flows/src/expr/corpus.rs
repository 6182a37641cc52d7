//! The golden corpus: expressions with what a reader takes them to give, or why they are refused.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Deserialize;

use super::*;
use crate::entity::{FieldText, fields};

const SCOPE: &str = include_str!("../../corpus/scope.yaml");
const FILES: [(&str, &str); 8] = [
    ("numbers", include_str!("../../corpus/numbers.yaml")),
    ("money", include_str!("../../corpus/money.yaml")),
    ("conditions", include_str!("../../corpus/conditions.yaml")),
    ("nothing", include_str!("../../corpus/nothing.yaml")),
    ("text", include_str!("../../corpus/text.yaml")),
    ("lists", include_str!("../../corpus/lists.yaml")),
    ("dates", include_str!("../../corpus/dates.yaml")),
    ("refused", include_str!("../../corpus/refused.yaml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    types: BTreeMap<String, FieldText>,
    values: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    expr: String,
    /// The type wanted; without it any will do.
    #[serde(default, rename = "as")]
    wanted: Option<String>,
    /// The result: text as people read it, `null` for nothing; numbers are compared as numbers.
    #[serde(default)]
    is: Option<String>,
    /// The code it is refused with.
    #[serde(default)]
    refused: Option<String>,
    /// A part of the message with which there is no result.
    #[serde(default)]
    held: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "it is for the reader of the file")]
    note: Option<String>,
}

#[test]
fn every_expression_gives_what_a_reader_expects() {
    let (scope, values) = given();
    let mut wrong = Vec::new();
    let (mut count, mut seen) = (0, BTreeSet::new());
    for (file, text) in FILES {
        let cases: Vec<Case> = serde_saphyr::from_str(text).unwrap();
        for case in cases {
            count += 1;
            assert!(seen.insert((case.expr.clone(), case.wanted.clone())), "twice: {}", case.expr);
            if let Err(error) = case.checked(&scope, &values) {
                wrong.push(format!("{file}: `{}`: {error}", case.expr));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 300, "{count}");
}

fn given() -> (Scope, BTreeMap<String, Value>) {
    let given: Given = serde_saphyr::from_str(SCOPE).unwrap();
    let types = fields(&given.types).unwrap();
    let mut scope = Scope::default();
    let mut values = BTreeMap::new();
    for (name, value) in given.values {
        values.insert(name.clone(), types[&name].of.read(value).unwrap());
    }
    for (name, field) in types {
        scope.define(&name, field);
    }
    (scope, values)
}

impl Case {
    fn checked(&self, scope: &Scope, values: &BTreeMap<String, Value>) -> Result<(), String> {
        let compiled = match &self.wanted {
            None => Expression::infer(&self.expr, scope).map(|(found, _)| found),
            Some(wanted) => Expression::compile(&self.expr, scope, &typed(wanted)),
        };
        let found = match (compiled, &self.refused) {
            (Err(error), Some(code)) if error.code == code => return Ok(()),
            (Err(error), _) => return Err(format!("{}: {error}", error.code)),
            (Ok(_), Some(code)) => return Err(format!("it is accepted, not {code}")),
            (Ok(found), None) => found,
        };
        match (found.evaluate(values), &self.is, &self.held) {
            (Ok(value), Some(is), None) if same(&value, is) => Ok(()),
            (Err(error), None, Some(part)) if error.message.contains(part) => Ok(()),
            (result, ..) => Err(format!("{result:?}")),
        }
    }
}

fn typed(text: &str) -> Type {
    let field: FieldText = serde_saphyr::from_str(&format!("type: {text}")).unwrap();
    field.field().unwrap().of
}

fn same(value: &Value, is: &str) -> bool {
    match value {
        Value::Null => is == "null",
        Value::Number(number) => is.parse::<Decimal>().is_ok_and(|is| is == *number),
        other => other.to_string() == is,
    }
}

/// Words of the language, put together by chance: never a panic, and never longer than it takes.
fn words() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let word = prop::sample::select(vec![
        "payment",
        ".amount",
        ".lines",
        "customer.balance",
        "1",
        "0.5",
        "'a'",
        "`x${",
        "}`",
        "(",
        ")",
        "[",
        "]",
        "..",
        "#",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "==",
        "<",
        "and",
        "or",
        "not ",
        "in",
        "?",
        ":",
        "??",
        ",",
        "map(",
        "filter(",
        "sum(",
        "round(",
        "len(",
        "d(",
        "'UTC'",
        ".add('1d')",
        "null",
        "true",
        "rand(",
        "{",
        "é",
        "9999999999999999999999999999",
        "split(",
        "matches(",
        "\0",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

proptest::proptest! {
    #[test]
    fn no_words_end_it(text in words()) {
        let (scope, values) = given();
        if let Ok((found, of)) = Expression::infer(&text, &scope) {
            let result = found.evaluate(&values);
            let promised = result.is_err() || !of.required || result.is_ok_and(|v| !v.is_null());
            proptest::prop_assert!(promised || of.of == Type::Null, "{text}");
        }
    }

    #[test]
    fn no_characters_end_it(text in "\\PC{0,60}") {
        let (scope, values) = given();
        if let Ok((found, _)) = Expression::infer(&text, &scope) {
            let _ = found.evaluate(&values);
        }
    }

    /// Sums of amounts are those of their minor units.
    #[test]
    fn sums_are_exact(a in -10_i64.pow(15)..10_i64.pow(15), b in -10_i64.pow(15)..10_i64.pow(15)) {
        let (scope, mut values) = given();
        let sum = Expression::infer("large.sum + long.value", &scope).unwrap().0;
        for (name, field, minor) in [("large", "sum", a), ("long", "value", b)] {
            let object = Value::object([(field, Value::Number(Decimal::new(minor, 2)))]);
            values.insert(name.to_owned(), object);
        }
        let exact = Value::Number(Decimal::new(a + b, 2));
        proptest::prop_assert_eq!(sum.evaluate(&values).unwrap(), exact);
    }
}
