//! Webhooks through the whole product.

use serde_json::json;

use crate::rig::{Rig, Setup, counted, rows};

#[tokio::test]
async fn s4_an_event_told_five_times_is_one_receipt() {
    let rig = Rig::start(Setup::default()).await;
    rig.customer_owes("W1", "IN-W1", "20.00").await;
    let id = rig.buyer_pays("W1", "IN-W1", "20.00").await;
    let body = json!({ "transaction_id": id }).to_string();
    for _ in 0..5 {
        assert_eq!(rig.relay_tells("msg-w1", &body).await, 202);
    }
    let status = rig.posted(1).await;
    assert_eq!(counted(&status, "POSTED"), 1);
    assert_eq!(rig.relay_tells("msg-w1", &body).await, 202, "after it was worked off, too");
    assert_eq!(rig.receipts_of(&id).await, 1);
    rig.end().await;
}

#[tokio::test]
async fn an_event_that_changes_is_told_to_finance_and_paytrace_is_believed() {
    let rig = Rig::start(Setup::default()).await;
    rig.customer_owes("W2", "IN-W2", "20.00").await;
    let id = rig.buyer_pays("W2", "IN-W2", "20.00").await;
    let first = json!({ "transaction_id": id }).to_string();
    let second = json!({ "transaction_id": id, "amount": "9999.00" }).to_string();
    assert_eq!(rig.relay_tells("msg-w2", &first).await, 202);
    assert_eq!(rig.relay_tells("msg-w2", &second).await, 202);
    rig.exception("changed_payload_duplicate").await;
    rig.posted(1).await;
    let books = rig.books(&rig.sage300).await;
    assert_eq!(rows(&books, "receipts").next().unwrap()["amount"], "20.00");
    rig.end().await;
}

#[tokio::test]
async fn a_transaction_paytrace_does_not_know_is_put_before_a_person() {
    let rig = Rig::start(Setup::default()).await;
    let body = json!({"transaction_id": "999999999"}).to_string();
    assert_eq!(rig.relay_tells("msg-w3", &body).await, 202);
    rig.exception("transaction_unknown").await;
    rig.end().await;
}

#[tokio::test]
async fn s13_a_card_number_is_refused_and_kept_nowhere() {
    let rig = Rig::start(Setup::default()).await;
    let body = json!({"transaction_id": "1", "note": "card 4012 0000 9876 5439"}).to_string();
    assert_eq!(rig.relay_tells("msg-w4", &body).await, 400);
    let status = rig.exception("card_data_blocked").await;
    let said = status.to_string();
    assert!(said.contains("5439") && !said.contains("98765439") && !said.contains("9876 5439"));
    rig.end().await;
}

#[tokio::test]
async fn an_unsigned_event_is_not_accepted() {
    let rig = Rig::start(Setup::default()).await;
    let url = rig.product.join("webhooks/relay").unwrap();
    let body = json!({"transaction_id": "1"}).to_string();
    assert_eq!(rig.post(url, &[], body).await.unwrap().status, 401);
    rig.end().await;
}
