//! What is set up wrongly or out of reach ends in a clear message or a held item; nothing is lost.

use std::time::Duration;

use runtime::config::Config;
use serde_json::json;

use crate::rig::{Rig, Setup, counted, rows};

#[tokio::test]
async fn a_payment_becomes_one_receipt_on_its_invoice() {
    let rig = Rig::start(Setup::default()).await;
    rig.customer_owes("E1", "IN-E1", "148.20").await;
    let id = rig.buyer_pays("E1", "IN-E1", "148.20").await;
    rig.posted(1).await;
    assert_eq!(rig.receipts_of(&id).await, 1);
    let books = rig.books(&rig.sage300).await;
    let receipt = rows(&books, "receipts").next().unwrap();
    assert_eq!(receipt["customer"], "E1");
    assert_eq!(receipt["lines"][0]["document"], "IN-E1");
    assert_eq!(books["trial_balance"], "0.00");
    assert!(!rows(&books, "documents_open").any(|row| row["document"] == "IN-E1"), "it is paid");
    rig.end().await;
}

#[tokio::test]
async fn a_wrong_sage_password_is_told_and_posting_resumes_when_it_is_corrected() {
    let wrong = Setup { sage_password: "NOT-IT", ..Setup::default() };
    let mut rig = Rig::start(wrong).await;
    rig.customer_owes("E2", "IN-E2", "10.00").await;
    let id = rig.buyer_pays("E2", "IN-E2", "10.00").await;
    rig.exception("sage_credentials_refused").await;
    rig.corrected(Setup::default()).await;
    rig.posted(1).await;
    assert_eq!(rig.receipts_of(&id).await, 1);
    rig.until("alarm over", |status| {
        !rows(status, "exceptions").any(|row| row["reason"] == "sage_credentials_refused")
    })
    .await;
    rig.end().await;
}

#[tokio::test]
async fn a_wrong_paytrace_password_is_told_and_polling_resumes_when_it_is_corrected() {
    let wrong = Setup { paytrace_password: "not-it", ..Setup::default() };
    let mut rig = Rig::start(wrong).await;
    rig.customer_owes("E3", "IN-E3", "10.00").await;
    rig.buyer_pays("E3", "IN-E3", "10.00").await;
    rig.exception("paytrace_credentials_refused").await;
    rig.corrected(Setup::default()).await;
    rig.posted(1).await;
    rig.end().await;
}

#[tokio::test]
async fn while_sage_is_out_of_reach_payments_wait_and_then_post() {
    let mut rig = Rig::start(Setup { sage_down: true, ..Setup::default() }).await;
    let id = rig.buyer_pays("E4", "IN-E4", "12.34").await;
    let body = json!({ "transaction_id": id }).to_string();
    assert_eq!(rig.relay_tells("msg-e4", &body).await, 202);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let waiting = rig.until("answering", |_| true).await;
    assert_eq!(counted(&waiting, "POSTED"), 0);
    rig.sage_comes_up().await;
    rig.customer_owes("E4", "IN-E4", "12.34").await;
    rig.posted(1).await;
    assert_eq!(rig.receipts_of(&id).await, 1);
    rig.end().await;
}

#[tokio::test]
async fn an_unknown_bank_or_payment_code_holds_the_item_with_its_reason() {
    for (setup, reason) in [
        (Setup { bank: "NOBANK", ..Setup::default() }, "bank_unknown"),
        (Setup { payment_code: "NOCODE", ..Setup::default() }, "payment_code_unknown"),
    ] {
        let rig = Rig::start(setup).await;
        rig.customer_owes("E5", "IN-E5", "10.00").await;
        rig.buyer_pays("E5", "IN-E5", "10.00").await;
        let status = rig.held_for(reason).await;
        let held = rows(&status, "held").next().unwrap();
        assert_eq!(held["amount"], "10.00");
        assert!(held["fix"].as_str().unwrap().len() > 20);
        rig.end().await;
    }
}

#[tokio::test]
async fn a_locked_period_is_held_or_rolled_forward_as_the_merchant_wants() {
    let today = runtime::clock::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let lock = json!({"module": "AR", "year": today.year(), "period": today.month()});
    for (policy, held) in [("hold", true), ("roll", false)] {
        let rig = Rig::start(Setup { closed_period: policy, ..Setup::default() }).await;
        rig.customer_owes("E6", "IN-E6", "10.00").await;
        rig.tell(&rig.sage300, "lock_period", &lock).await;
        rig.buyer_pays("E6", "IN-E6", "10.00").await;
        if held {
            rig.held_for("period_locked").await;
        } else {
            rig.posted(1).await;
            let books = rig.books(&rig.sage300).await;
            let receipt = rows(&books, "receipts").next().unwrap();
            let date = receipt["posting_date"].as_str().unwrap().to_owned();
            assert!(date > today.to_string(), "{date} is after {today}");
        }
        rig.end().await;
    }
}

#[tokio::test]
async fn what_is_held_is_taken_up_once_it_is_put_right_in_sage() {
    let rig = Rig::start(Setup::default()).await;
    let id = rig.buyer_pays("E7", "", "10.00").await;
    rig.held_for("customer_not_found").await;
    rig.customer_owes("E7", "IN-E7", "10.00").await;
    rig.posted(1).await;
    assert_eq!(rig.receipts_of(&id).await, 1);
    rig.end().await;
}

#[tokio::test]
async fn an_invoice_a_person_settled_meanwhile_is_not_paid_twice() {
    let rig = Rig::start(Setup { linger_ms: 2_500, ..Setup::default() }).await;
    rig.customer_owes("E8", "IN-E8", "25.00").await;
    let id = rig.buyer_pays("E8", "IN-E8", "25.00").await;
    rig.until("decided", |status| counted(status, "READY") == 1).await;
    let by_hand = json!({"customer": "E8", "amount": "25.00", "document": "IN-E8",
                         "check_receipt_number": "BY-HAND", "post": true});
    rig.tell(&rig.sage300, "key_receipt", &by_hand).await;
    rig.posted(1).await;
    let books = rig.books(&rig.sage300).await;
    let ours = rows(&books, "receipts").find(|row| row["check_receipt_number"] == id.as_str());
    let lines = ours.unwrap()["lines"].as_array().unwrap();
    assert!(lines.is_empty(), "the money is on account: {lines:?}");
    assert_eq!(books["trial_balance"], "0.00");
    rig.end().await;
}

#[tokio::test]
async fn an_entry_sage_will_not_post_leaves_its_error_batch_and_is_tried_again() {
    let today = runtime::clock::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let period = json!({"module": "AR", "year": today.year(), "period": today.month()});
    let rig = Rig::start(Setup { linger_ms: 2_500, ..Setup::default() }).await;
    rig.customer_owes("E9", "IN-E9", "40.00").await;
    let id = rig.buyer_pays("E9", "IN-E9", "40.00").await;
    rig.until("decided", |status| counted(status, "READY") == 1).await;
    rig.tell(&rig.sage300, "lock_period", &period).await;
    rig.until("held", |status| counted(status, "HELD") == 1).await;
    rig.nothing_left_over().await;
    let books = rig.books(&rig.sage300).await;
    let left = rows(&books, "open_batches").filter(|row| row["entries"] != 0);
    assert_eq!(left.count(), 0, "the error batch was emptied");
    rig.tell(&rig.sage300, "unlock_period", &period).await;
    rig.posted(1).await;
    assert_eq!(rig.receipts_of(&id).await, 1);
    rig.end().await;
}

#[test]
fn a_bad_configuration_says_what_to_do() {
    let said = |text: &str| Config::parse(text).unwrap_err().to_string();
    let example = Config::example();
    let misspelt = said(&example.replace("merchants:", "merchnats:"));
    assert!(misspelt.contains("merchants"), "names the nearest key: {misspelt}");
    let unknown = said(&example.replace("company: SAMLTD", "company: NOWHERE"));
    assert!(unknown.contains("NOWHERE"), "{unknown}");
    let plain = said(&example.replace("https://sage.example.com", "http://sage.example.com"));
    assert!(plain.contains("https"), "{plain}");
}
