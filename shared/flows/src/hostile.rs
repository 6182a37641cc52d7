//! Documents made to hurt: each is refused with one clear error, and quickly.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

use crate::problem::Problem;
use crate::program::{Program, read};

/// What is wrong with the shipped documents, once this one is among them.
fn refused(path: &str, text: &str) -> Problem {
    let mut files = crate::shipped::files();
    files.insert(path.to_owned(), text.to_owned());
    let problems = match read(&files) {
        Ok(documents) => Program::compile(&documents).map(|_| ()).unwrap_err(),
        Err(problems) => problems,
    };
    match problems.as_slice() {
        [only] => only.clone(),
        several => panic!("{path}: {several:#?}"),
    }
}

/// A flow of one step, which is this.
fn flow(step: &str) -> String {
    format!(
        "document: {{kind: flow/v1, id: hostile}}\ntrigger: {{fact: [captured]}}\ndo:\n  - {{id: one, \
         {step}}}\n"
    )
}

fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = level - 1;
        let ten = vec![format!("*a{below}"); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{ten}]").unwrap();
    }
    text
}

fn hostile() -> BTreeMap<&'static str, (String, String, &'static str)> {
    let in_flow = |text: String, code| ("flows/hostile.yaml".to_owned(), text, code);
    let map = |field: &str| {
        let shipped = &crate::shipped::files()["maps/payment-to-place.yaml"];
        let text = shipped.replace("id: payment-to-place", "id: hostile");
        let text = text.replace("  bank: {from: merchant.bank}", &format!("  bank: {field}"));
        ("maps/hostile.yaml".to_owned(), text)
    };
    let mapped = |field: &str, code| {
        let (path, text) = map(field);
        (path, text, code)
    };
    let deep = format!("document: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let twice = flow("notify: finance, notify: sales");
    BTreeMap::from([
        ("an alias bomb", in_flow(alias_bomb(), "YAML_WRONG")),
        ("ten megabytes", in_flow("# x\n".repeat(2_500_000), "DOCUMENT_TOO_LONG")),
        ("ten thousand levels", in_flow(deep, "YAML_WRONG")),
        ("one key twice", in_flow(twice, "YAML_WRONG")),
        (
            "a quantifier over a range",
            in_flow(
                flow("cancel: sage300.receipt, when: 'count([1..100000000], # > 5) > 3'"),
                "EXPR_NOT_ALLOWED",
            ),
        ),
        (
            "an expression that seems never to end",
            in_flow(
                flow(&format!("cancel: sage300.receipt, when: \"{}\"", "(".repeat(900))),
                "EXPR_TOO_DEEP",
            ),
        ),
        (
            "an unknown action",
            in_flow(flow("call: sage300.customer.mach, with: {}"), "ACTION_UNKNOWN"),
        ),
        (
            "another type",
            in_flow(
                flow("cancel: sage300.receipt, when: transaction.amount + 'x' == 5"),
                "TYPE_MISMATCH",
            ),
        ),
        (
            "another currency",
            in_flow(
                flow(
                    "call: sage300.documents.open, with: {customer: \"'1'\"}}\n  - {id: two, cancel: \
                     sage300.receipt, when: 'some(one.documents, #.due > transaction.amount)'",
                ),
                "CURRENCY_MISMATCH",
            ),
        ),
        ("a text too long for its field", mapped("{value: MUCHTOOLONGABANK}", "TYPE_MISMATCH")),
    ])
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the bound is a time")]
fn ten_hostile_documents_are_refused_each_with_one_error() {
    const BOUND_MS: u128 = 50;
    let hostile = hostile();
    assert_eq!(hostile.len(), 10);
    for (what, (path, text, code)) in hostile {
        let problem = refused(&path, &text);
        assert_eq!(problem.code, code, "{what}: {problem}");
        assert!(problem.message.chars().count() < 500, "{what}: {problem}");
        // The hostile document alone: what else is read and compiled beside it is no part of it.
        let alone = BTreeMap::from([(path, text)]);
        let start = Instant::now();
        drop(read(&alone).map(|documents| Program::compile(&documents)));
        let took = start.elapsed().as_millis();
        assert!(took < BOUND_MS, "{what}: {took} ms");
    }
}

#[test]
fn a_map_that_changes_one_of_the_four_is_refused_by_name() {
    use crate::trial::{Trial, Tried};
    for (field, from, to) in [
        ("BankReceiptAmount", "{from: transaction.amount}", "{expr: transaction.amount + 1}"),
        ("CustomerCurrencyCode", "{from: transaction.currency}", "{value: CAD}"),
        ("CustomerNumber", "{from: customer.number}", "{value: '9999'}"),
        ("CheckReceiptNumber", "from: transaction.id", "value: '1'"),
    ] {
        let mut files = crate::shipped::files();
        let path = "maps/payment-to-receipt.yaml";
        let line = |value: &str| match field {
            "CheckReceiptNumber" => value.to_owned(),
            _ => format!("{field}: {value}"),
        };
        let text = files[path].replacen(&line(from), &line(to), 1);
        assert_ne!(text, files[path], "{field}");
        files.insert(path.to_owned(), text);
        let documents = read(&files).unwrap();
        let program = std::sync::Arc::new(Program::compile(&documents).unwrap());
        let samples: BTreeMap<_, _> = files
            .iter()
            .filter(|(path, _)| path.starts_with("samples/"))
            .map(|(_, text)| crate::document::Sample::read(text).unwrap())
            .map(|sample| (sample.document.id.clone(), sample))
            .collect();
        let trial = Trial { documents: &documents, program, samples: &samples };
        let Tried::Flow(outcome) = trial.run("two-invoices").unwrap() else { panic!() };
        assert!(outcome.made.is_empty(), "{field} was changed");
        let evidence = &outcome.held[0].evidence;
        assert!(evidence.starts_with(&format!("{field}: the facts say")), "{evidence}");
    }
}
