//! One fault at a time, at each of the calls that matter: one receipt, and nothing left over.

use serde_json::{Value, json};

use crate::rig::{Rig, Setup, rows};

pub const KINDS: [&str; 12] = [
    "latency",
    "timeout_before",
    "timeout_after",
    "late_landing",
    "double_landing",
    "error_before",
    "error_after",
    "throttled",
    "reset_mid_body",
    "html_before",
    "html_after",
    "truncated",
];

/// The fault meets the first such request; the payment still becomes exactly one receipt.
async fn meets(method: &str, path: &str) {
    let rig = Rig::start(Setup::default()).await;
    let mut ids = Vec::new();
    for (n, kind) in KINDS.iter().enumerate() {
        let script = json!([{"nth": 1, "method": method, "path_contains": path, "fault": kind}]);
        let plan = json!({"script": script, "hold_ms": 50, "late_ms": [200, 200],
                          "latency_ms": [20, 20]});
        rig.tell(&rig.sage300, "faults", &plan).await;
        let (customer, invoice) = (format!("F{n}"), format!("IN-F{n}"));
        rig.customer_owes(&customer, &invoice, "30.00").await;
        ids.push(rig.buyer_pays(&customer, &invoice, "30.00").await);
        let count = u64::try_from(n).unwrap() + 1;
        rig.posted(count).await;
        let books = rig.books(&rig.sage300).await;
        assert_eq!(books["faults"][kind], 1, "{kind} was met at {method} {path}");
    }
    rig.tell(&rig.sage300, "faults", &Value::Null).await;
    rig.nothing_left_over().await;
    for (id, kind) in ids.iter().zip(KINDS) {
        assert_eq!(rig.receipts_of(id).await, 1, "{kind} at {method} {path}");
    }
    let books = rig.books(&rig.sage300).await;
    assert_eq!(books["trial_balance"], "0.00");
    assert_eq!(rows(&books, "duplicates").count(), 0);
    rig.end().await;
}

#[tokio::test]
async fn at_the_create() {
    meets("POST", "ARReceiptAndAdjustmentBatches").await;
}

#[tokio::test]
async fn at_the_freeze() {
    meets("PATCH", "ARReceiptAndAdjustmentBatches").await;
}

#[tokio::test]
async fn at_the_post() {
    meets("POST", "ARPostReceiptsAndAdjustments").await;
}

#[tokio::test]
async fn at_reading_the_batch_back() {
    meets("GET", "ARReceiptAndAdjustmentBatches(").await;
}

#[tokio::test]
async fn at_creating_a_customer_the_answer_of_which_is_lost() {
    let rig = Rig::start(Setup { new_customer: true, ..Setup::default() }).await;
    let script = json!([{"nth": 1, "method": "POST", "path_contains": "ARCustomers",
                         "fault": "timeout_after"}]);
    rig.tell(&rig.sage300, "faults", &json!({"script": script, "hold_ms": 50})).await;
    let id = rig.buyer_pays("NEWCOMER", "", "15.00").await;
    rig.posted(1).await;
    assert_eq!(rig.receipts_of(&id).await, 1);
    let books = rig.books(&rig.sage300).await;
    let numbers = books["customers"].as_object().unwrap().keys();
    let created = numbers.filter(|number| number.starts_with('P') && number.len() == 12);
    assert_eq!(created.count(), 1, "created once");
    rig.end().await;
}
