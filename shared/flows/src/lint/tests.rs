use std::collections::BTreeMap;

use super::problems;
use crate::program::read;

/// `path CODE` of everything that is wrong with the document at `path`.
fn found(path: &str, text: &str) -> Vec<String> {
    let files = BTreeMap::from([(path.to_owned(), text.to_owned())]);
    let documents = read(&files).unwrap_or_else(|problems| panic!("{}", problems[0]));
    let problems = problems(&documents);
    problems.iter().map(|problem| format!("{} {}", problem.path, problem.code)).collect()
}

/// A flow of these steps.
fn flow(steps: &str) -> Vec<String> {
    let head = "document: {kind: flow/v1, id: a}\ntrigger: {fact: [captured]}\ndo:\n";
    found("flows/a.yaml", &format!("{head}{steps}"))
}

#[test]
fn nothing_is_wrong_with_the_shipped_documents() {
    let documents = read(&crate::shipped::files()).unwrap();
    let told: Vec<String> = problems(&documents).iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn what_starts_a_flow_is_one_thing_that_is_known() {
    let text = |trigger: &str| {
        format!(
            "document: {{kind: flow/v1, id: a}}\ntrigger: {trigger}\ndo: [{{id: b, notify: x}}]"
        )
    };
    let flow = |trigger: &str| found("flows/a.yaml", &text(trigger));
    assert_eq!(flow("{}"), ["trigger TRIGGER_WRONG"]);
    assert_eq!(flow("{fact: [captured], manual: true}"), ["trigger TRIGGER_WRONG"]);
    assert_eq!(flow("{event: order.create}"), ["trigger.event EVENT_UNKNOWN"]);
    assert_eq!(flow("{poll: sage300.custommer}"), ["trigger.poll ENTITY_UNKNOWN"]);
    assert!(flow("{schedule: nightly}").is_empty());
}

#[test]
fn a_step_does_one_thing_and_takes_nothing_else() {
    assert_eq!(flow("  []"), ["do STEP_KIND"]);
    assert_eq!(flow("  - {id: one}"), ["do[0] STEP_KIND"]);
    assert_eq!(flow("  - {id: one, notify: x, hold: flow_failed}"), ["do[0] STEP_KIND"]);
    assert_eq!(
        flow(concat!(
            "  - {id: one, set: {a: '1'}, with: {b: 1}}\n",
            "  - {id: two, wait: {until: x}, retry: {times: 1, first_ms: 1}}\n",
            "  - {id: three, notify: x, catch: [{id: four, notify: y}]}"
        )),
        ["do[0].with KEY_NOT_TAKEN", "do[1].retry KEY_NOT_TAKEN", "do[2].catch KEY_NOT_TAKEN"]
    );
    assert_eq!(
        flow("  - {id: one, hold: flow_failed, with: {why: \"'x'\"}}"),
        ["do[0].with.why ARGUMENT_UNKNOWN"]
    );
}

#[test]
fn ids_can_be_named_and_are_there_once() {
    assert_eq!(
        flow(
            "  - {id: one-two, notify: x}\n  - {id: facts, notify: x}\n  - {id: error, notify: x}"
        ),
        ["do[0].id STEP_ID_WRONG", "do[1].id ID_RESERVED", "do[2].id ID_RESERVED"]
    );
    assert_eq!(
        flow(concat!(
            "  - id: one\n",
            "    switch:\n",
            "      - {when: x, do: [{id: two, notify: x}]}\n",
            "      - {do: [{id: two, notify: x}]}"
        )),
        ["do[0].switch[1].do[0].id STEP_ID_TWICE"]
    );
    let table = concat!(
        "document: {kind: table/v1, id: t}\n",
        "inputs: {}\n",
        "outputs: {a: {type: txt}}\n",
        "rows:\n",
        "  - {id: r, then: {a: '1'}}\n",
        "  - {id: r, then: {a: '1', b: '2'}}\n",
        "  - {id: R, then: {a: '1'}}\n"
    );
    assert_eq!(
        found("tables/t.yaml", table),
        [
            "outputs.a.type COLUMN_TYPE_UNKNOWN",
            "rows[1].id ID_TWICE",
            "rows[1].then.b OUTPUT_UNKNOWN",
            "rows[2].id ID_WRONG",
        ]
    );
    let check = concat!(
        "document: {kind: check/v1, id: c}\n",
        "of: {}\n",
        "rules:\n",
        "  - {id: r, must: a, message: b}\n",
        "  - {id: r, must: a, message: b}\n"
    );
    assert_eq!(found("checks/c.yaml", check), ["rules[1].id ID_TWICE"]);
    let empty = "document: {kind: check/v1, id: c}\nof: {}\nrules: []\n";
    assert_eq!(found("checks/c.yaml", empty), ["rules CHECK_EMPTY"]);
    let id = "document: {kind: check/v1, id: C_1}\nof: {}\nrules: [{id: r, must: a, message: b}]\n";
    assert_eq!(found("checks/C_1.yaml", id), ["document.id ID_WRONG"]);
}

#[test]
fn what_nothing_leads_to_is_told() {
    let hold = "hold: flow_failed";
    let after = |steps: &str| flow(&format!("{steps}\n  - {{id: after, notify: x}}"));
    assert_eq!(after(&format!("  - {{id: one, {hold}}}")), ["do[1] STEP_UNREACHABLE"]);
    assert!(after(&format!("  - {{id: one, {hold}, when: x}}")).is_empty());
    assert_eq!(
        after(&format!(
            "  - id: one\n    switch:\n      - {{when: x, do: [{{id: two, {hold}}}]}}\n      - {{do: [{{\
             id: \
             three, {hold}}}]}}"
        )),
        ["do[1] STEP_UNREACHABLE"]
    );
    assert!(
        after(&format!("  - id: one\n    switch:\n      - {{when: x, do: [{{id: two, {hold}}}]}}"))
            .is_empty()
    );
    let attempt = |catch: &str| {
        after(&format!(
            "  - {{id: one, try: [{{id: two, {hold}}}], catch: [{{id: three, {catch}}}]}}"
        ))
    };
    assert!(attempt("notify: x").is_empty());
    assert_eq!(attempt(hold), ["do[1] STEP_UNREACHABLE"]);
    assert_eq!(
        flow(concat!(
            "  - id: one\n",
            "    switch:\n",
            "      - {do: [{id: two, notify: x}]}\n",
            "      - {when: x, do: [{id: three, notify: x}]}"
        )),
        ["do[0].switch[1] STEP_UNREACHABLE"]
    );
}

#[test]
fn what_can_say_no_has_a_way_for_that() {
    let call = "call: sage300.documents.apply";
    assert_eq!(flow(&format!("  - {{id: one, {call}}}")), ["do[0] NO_ERROR_ROUTE"]);
    assert!(
        flow(&format!("  - {{id: one, {call}, on_error: {{hold: amount_invalid}}}}")).is_empty()
    );
    let attempt =
        |catch: &str| flow(&format!("  - {{id: two, try: [{{id: one, {call}}}], {catch}}}"));
    assert!(attempt("catch: []").is_empty());
    let caught = format!("catch: [{{id: three, {call}}}]");
    assert_eq!(attempt(&caught), ["do[0].catch[0] NO_ERROR_ROUTE"]);
    assert_eq!(flow("  - {id: one, effect: sage300.receipt, map: m}"), ["do[0] NO_ERROR_ROUTE"]);
}

#[test]
fn actions_are_used_as_what_they_are() {
    let on_error = "on_error: {hold: flow_failed}";
    assert_eq!(
        flow(&format!("  - {{id: one, call: sage300.receipt, {on_error}}}")),
        ["do[0].call ACTION_OF_OTHER_KIND"]
    );
    assert_eq!(
        flow(&format!("  - {{id: one, effect: sage300.customer.match, map: m, {on_error}}}")),
        ["do[0].effect ACTION_OF_OTHER_KIND"]
    );
    assert_eq!(flow("  - {id: one, cancel: sage300.reciept}"), ["do[0].cancel ACTION_UNKNOWN"]);
    assert_eq!(flow("  - {id: one, emit: storefront.state}"), ["do[0].emit ACTION_UNKNOWN"]);
    assert_eq!(flow("  - {id: one, emit: notify}"), ["do[0].emit ACTION_OF_OTHER_KIND"]);
}

#[test]
fn every_write_has_a_key_of_its_own() {
    let make = |id: &str| {
        format!("{{id: {id}, effect: sage300.receipt, map: m, on_error: {{hold: flow_failed}}}}")
    };
    let (a, b) = (make("a"), make("b"));
    assert_eq!(flow(&format!("  - {a}\n  - {b}")), ["do[1] EFFECT_TWICE"]);
    let cases =
        format!("  - id: s\n    switch:\n      - {{when: x, do: [{a}]}}\n      - {{do: [{b}]}}");
    assert!(flow(&cases).is_empty());
    let after = make("c");
    assert_eq!(flow(&format!("{cases}\n  - {after}")), ["do[1] EFFECT_TWICE"]);
    assert!(flow(&format!("  - {{id: t, try: [{a}], catch: [{b}]}}")).is_empty());
    let each = |key: &str| {
        format!("  - id: f\n    for: {{in: x, as: line, key: {key}, limit: 9, do: [{a}]}}")
    };
    assert!(flow(&each("line.number")).is_empty());
    assert_eq!(flow(&each("'1'")), ["do[0].for.key KEY_CONSTANT"]);
    assert_eq!(
        flow(&each("underline.number").replace("9", "0")),
        ["do[0].for.key KEY_CONSTANT", "do[0].for.limit LIMIT_ZERO"]
    );
    assert_eq!(flow(&format!("{}\n  - {b}", each("line.number"))), ["do[1] EFFECT_TWICE"]);
}

#[test]
fn an_effect_of_a_flow_that_is_run_counts() {
    let make = "{id: a, effect: sage300.receipt, map: m, on_error: {hold: flow_failed}}";
    let head = "document: {kind: flow/v1, id: a}\ntrigger: {fact: [captured]}\n";
    let outer = format!("{head}do:\n  - {make}\n  - {{id: b, run: inner}}\n");
    let inner = format!(
        "document: {{kind: flow/v1, id: inner}}\ntrigger: {{manual: true}}\ndo:\n  - {make}\n  - \
         {{id: back, run: a}}\n"
    );
    let files = BTreeMap::from([
        ("flows/a.yaml".to_owned(), outer),
        ("flows/inner.yaml".to_owned(), inner),
    ]);
    let told = problems(&read(&files).unwrap());
    let told: Vec<String> =
        told.iter().map(|p| format!("{} {} {}", p.document, p.path, p.code)).collect();
    assert_eq!(told, ["flows/a do[1].run EFFECT_TWICE", "flows/inner do[1].run EFFECT_TWICE"]);
}

#[test]
fn what_waits_goes_on_some_day() {
    assert_eq!(flow("  - {id: one, wait: {}}"), ["do[0].wait WAIT_WRONG"]);
    assert_eq!(flow("  - {id: one, wait: {until: x, fact: settled}}"), ["do[0].wait WAIT_WRONG"]);
    assert_eq!(flow("  - {id: one, wait: {fact: setled}}"), ["do[0].wait.fact FACT_UNKNOWN"]);
    assert!(flow("  - {id: one, wait: {fact: settled}}").is_empty());
    let event = concat!(
        "document: {kind: flow/v1, id: a}\n",
        "trigger: {event: order.created}\n",
        "do: [{id: one, wait: {fact: settled}}]\n"
    );
    assert_eq!(found("flows/a.yaml", event), ["do[0].wait WAIT_ENDLESS"]);
}

#[test]
fn a_field_is_filled_once() {
    let map = concat!(
        "document: {kind: map/v1, id: m}\n",
        "from: {payment: paytrace.transaction}\n",
        "to: sage300.receipt\n",
        "fields:\n",
        "  A: {from: payment.id, value: x}\n",
        "  B: {value: x}\n",
        "each:\n",
        "  B: {in: payment.lines, as: payment, fields: {C: {expr: a, decide: t}}}\n"
    );
    assert_eq!(
        found("maps/m.yaml", map),
        [
            "fields.A FIELD_TWICE",
            "each.B FIELD_TWICE",
            "each.B.as ID_RESERVED",
            "each.B.fields.C FIELD_TWICE",
        ]
    );
}
