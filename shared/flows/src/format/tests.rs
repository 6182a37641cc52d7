use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::document::{
    Argument, Case, Check, Column, Each, Field, Flow, ForEach, Head, Input, Kind, Literal, Map,
    MapTest, OnError, OnMiss, OnNoMatch, Retry, Row, Rule, Severity, Source, Step, StepOfField,
    Table, Trigger, Wait,
};

/// Texts as hostile to a writer of YAML as people's are.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9_-]{0,12}",
        "[ -~]{0,40}",
        "[ -~\n\t]{0,30}",
        "(true|null|~|yes|no|1e3|0x1f|1_000|12:30|2026-01-01|- a|# b|a: b|\\[|\\{|'|\"|%|@|`|&a|\\*a|!t|)",
        "[a-zé東\u{a0}]{0,12}",
        Just("x".repeat(200)),
    ]
}

fn id() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,16}"
}

fn head(kind: Kind) -> impl Strategy<Value = Head> {
    (id(), words(), words()).prop_map(move |(id, title, notes)| Head { kind, id, title, notes })
}

fn maybe<S: Strategy>(of: S) -> impl Strategy<Value = Option<S::Value>> {
    proptest::option::of(of)
}

fn argument() -> impl Strategy<Value = Argument> {
    prop_oneof![
        any::<bool>().prop_map(Argument::Flag),
        any::<i64>().prop_map(Argument::Whole),
        words().prop_map(Argument::Expression),
        words().prop_map(|text| Argument::Literal(Literal { text })),
    ]
}

fn leaf() -> impl Strategy<Value = Step> {
    let first = (id(), words(), words(), maybe(words()), maybe(words()), maybe(words()));
    let second = (
        btree_map(id(), words(), 0..3),
        maybe(words()),
        btree_map(id(), argument(), 0..3),
        maybe((any::<u32>(), any::<u64>())),
        maybe((words(), maybe(words()))),
        maybe((maybe(words()), maybe(words()))),
    );
    (first, second).prop_map(
        |((id, title, notes, when, call, map), (set, hold, with, retry, error, wait))| Step {
            id,
            title,
            notes,
            when,
            call,
            map,
            set,
            hold,
            with,
            retry: retry.map(|(times, first_ms)| Retry { times, first_ms }),
            on_error: error.map(|(hold, notify)| OnError { hold, notify }),
            wait: wait.map(|(until, fact)| Wait { until, fact }),
            ..Step::default()
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        let cases = vec((maybe(words()), vec(inner.clone(), 0..3)), 0..3);
        let each = maybe((words(), id(), words(), any::<u32>(), vec(inner.clone(), 0..3)));
        (leaf(), cases, each, vec(inner, 0..3)).prop_map(|(leaf, cases, each, attempt)| Step {
            switch: cases.into_iter().map(|(when, steps)| Case { when, steps }).collect(),
            for_each: each.map(|(list, name, key, limit, steps)| ForEach {
                list,
                name,
                key,
                limit,
                steps,
            }),
            attempt,
            ..leaf
        })
    })
}

fn flow() -> impl Strategy<Value = Document> {
    let trigger = (vec(words(), 0..3), maybe(words()), any::<bool>(), maybe(words()));
    (head(Kind::Flow), trigger, vec(step(), 0..4)).prop_map(
        |(document, (fact, schedule, manual, condition), steps)| {
            let trigger = Trigger { fact, schedule, manual, condition, ..Trigger::default() };
            Document::Flow(Flow { document, trigger, steps })
        },
    )
}

fn field() -> impl Strategy<Value = Field> {
    let step = (words(), maybe(any::<u32>()), maybe(words()), maybe(words()));
    let step = step.prop_map(|(step, len, with, on_overflow)| StepOfField {
        step,
        len,
        with,
        on_overflow,
        ..StepOfField::default()
    });
    let lookup = (words(), words(), prop_oneof![Just(OnMiss::Hold), Just(OnMiss::Default)]);
    (maybe(words()), maybe(words()), maybe(lookup), vec(step, 0..3), words()).prop_map(
        |(from, value, lookup, steps, notes)| Field {
            from,
            value,
            lookup: lookup.map(|(table, key, on_miss)| Source { table, key, on_miss }),
            steps,
            notes,
            ..Field::default()
        },
    )
}

fn map() -> impl Strategy<Value = Document> {
    let each = (words(), id(), btree_map(id(), field(), 0..3));
    let each = each.prop_map(|(list, name, fields)| Each { list, name, fields });
    (
        head(Kind::Map),
        btree_map(id(), words(), 0..3),
        words(),
        btree_map(words(), field(), 0..4),
        btree_map(id(), each, 0..2),
        vec(words(), 0..3),
    )
        .prop_map(|(document, from, to, fields, each, tests)| {
            let tests = tests.into_iter().map(MapTest).collect();
            Document::Map(Map { document, from, to, fields, each, tests })
        })
}

fn table() -> impl Strategy<Value = Document> {
    let row = (id(), btree_map(id(), words(), 0..3), btree_map(id(), words(), 0..3), words());
    let row = row.prop_map(|(id, when, then, notes)| Row { id, when, then, notes });
    let input = (maybe(words()), words()).prop_map(|(from, of)| Input { from, of });
    (
        head(Kind::Table),
        btree_map(id(), input, 0..3),
        btree_map(id(), words().prop_map(|of| Column { of }), 0..3),
        vec(row, 0..4),
        prop_oneof![Just(OnNoMatch::Hold), Just(OnNoMatch::Empty)],
    )
        .prop_map(|(document, inputs, outputs, rows, on_no_match)| {
            Document::Table(Table { document, inputs, outputs, rows, on_no_match })
        })
}

fn check() -> impl Strategy<Value = Document> {
    let severity = prop_oneof![Just(Severity::Hold), Just(Severity::Note)];
    let rule = (id(), words(), severity, maybe(words()), words());
    let rule = rule.prop_map(|(id, must, severity, hold, message)| Rule {
        id,
        must,
        severity,
        hold,
        message,
    });
    (head(Kind::Check), btree_map(id(), words(), 0..3), vec(rule, 0..4))
        .prop_map(|(document, of, rules)| Document::Check(Check { document, of, rules }))
}

fn read_again(document: &Document, text: &str) -> Document {
    let read = |what: Result<Document, serde_saphyr::Error>| {
        what.unwrap_or_else(|error| panic!("{error}\n{text}"))
    };
    read(match document {
        Document::Flow(_) => serde_saphyr::from_str(text).map(Document::Flow),
        Document::Map(_) => serde_saphyr::from_str(text).map(Document::Map),
        Document::Table(_) => serde_saphyr::from_str(text).map(Document::Table),
        Document::Check(_) => serde_saphyr::from_str(text).map(Document::Check),
    })
}

/// What makes random documents within documents needs more of the stack than a test has.
const STACK_BYTES: usize = 256 * 1024 * 1024;

#[test]
fn ten_thousand_documents_formatted_twice_are_the_same_bytes() {
    let made = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(ten_thousand);
    made.unwrap().join().unwrap();
}

fn ten_thousand() {
    let config = Config { cases: 10_000, failure_persistence: None, ..Config::default() };
    let any = prop_oneof![flow(), map(), table(), check()];
    TestRunner::new(config)
        .run(&any, |document| {
            let once = super::text(&document).map_err(TestCaseError::fail)?;
            let again = read_again(&document, &once);
            prop_assert_eq!(&again, &document, "{}", once);
            prop_assert_eq!(super::text(&again).map_err(TestCaseError::fail)?, once);
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_shipped_documents_decide_the_same_when_they_are_formatted() {
    let files = crate::shipped::files();
    let mut canonical = files.clone();
    canonical.extend(changed(&files).unwrap());
    assert_eq!(crate::program::read(&canonical).unwrap(), crate::program::read(&files).unwrap());
    assert!(changed(&canonical).unwrap().is_empty(), "nothing is left to do");
}
