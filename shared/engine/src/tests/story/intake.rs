//! How payments become known, once each, and what is told when a vendor will not let us in.

use domain::effect::EffectState;
use domain::exception::ReasonCode;
use domain::transaction::{Kind, Status};

use super::Story;
use super::company::Fault;
use super::paytrace::sale;
use crate::intake::Accepted;
use crate::port::{Clock, QueueName};

#[tokio::test]
async fn a_webhook_delivered_again_and_again_leads_to_one_receipt() {
    let story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    assert_eq!(story.receives("e1", "body", "1").await, Accepted::New);
    assert_eq!(story.receives("e1", "body", "1").await, Accepted::Duplicate);
    assert_eq!(story.receives("e2", "body", "1").await, Accepted::New);
    story.settles().await;
    assert_eq!(story.receives("e1", "body", "1").await, Accepted::Duplicate);
    assert!(story.queue.is_empty(), "what is worked off is not queued again");
    story.is_posted("1").await;
    assert!(story.exceptions().await.is_empty());
}

#[tokio::test]
async fn one_event_id_with_another_body_is_told_and_paytrace_is_read_again() {
    let story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    story.receives("e1", "body", "1").await;
    story.settles().await;
    assert_eq!(story.receives("e1", "other body", "1").await, Accepted::Changed);
    assert!(!story.queue.is_empty(), "PayTrace is read again");
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::PayloadChanged]);
    story.is_posted("1").await;
}

#[tokio::test]
async fn a_payment_whose_webhook_was_lost_is_found_by_polling_once() {
    let story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    assert_eq!(story.poll.run(&story.merchant).await.unwrap().hinted, 1);
    assert_eq!(story.poll.run(&story.merchant).await.unwrap().hinted, 0, "a moment ago");
    story.settles().await;
    story.is_posted("1").await;
    let report = story.poll.run(&story.merchant).await.unwrap();
    assert_eq!((report.seen, report.hinted), (1, 0));
}

#[tokio::test]
async fn an_event_whose_hint_was_lost_is_queued_again() {
    let story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    story.receives("e1", "body", "1").await;
    let (queue, body) = story.queue.take().unwrap();
    story.queue.settle(true, queue, body);
    assert_eq!(story.poll.requeue_stale_events().await.unwrap(), 0, "not stale yet");
    story.clock.advance_ms(61_000);
    assert_eq!(story.poll.requeue_stale_events().await.unwrap(), 1);
    assert!(story.takes_in().await);
    story.clock.advance_ms(61_000);
    assert_eq!(story.poll.requeue_stale_events().await.unwrap(), 0, "worked off");
    story.posts().await;
    story.is_posted("1").await;
}

#[tokio::test]
async fn a_transaction_nobody_knows_is_told() {
    let story = Story::new();
    story.receives("e1", "body", "404").await;
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::TransactionUnknown]);
    assert!(story.effects("404").await.is_empty());
}

#[tokio::test]
async fn a_decline_leads_to_nothing_and_an_authorization_waits_for_its_capture() {
    let story = Story::new();
    for (id, status) in [("1", Status::Declined), ("2", Status::Authorized)] {
        let mut payment = sale(id, 500, "");
        payment.status = status;
        story.pays(payment);
    }
    story.settles().await;
    assert!(story.effects("1").await.is_empty());
    assert!(story.effects("2").await.is_empty());
    story.paytrace.change("2", Status::Pending);
    story.settles().await;
    story.is_posted("2").await;
}

#[tokio::test]
async fn a_refund_is_held_for_a_person_with_its_amount() {
    let story = Story::new();
    let mut refund = sale("1", 500, "");
    refund.kind = Kind::Refund;
    story.pays(refund);
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::RefundByHand);
    assert_eq!(story.effect("1").await.amount.minor, 500);
    assert!(story.sage.with(|books| books.batches.is_empty()));
}

#[tokio::test]
async fn an_amount_that_changes_is_told_and_not_believed() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    assert!(story.takes_in().await);
    story.paytrace.put(sale("1", 900, ""));
    story.hint("1");
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::FactChanged]);
    assert_eq!(story.sage.with(|books| books.posted("1"))[0].2, 500);
}

#[tokio::test]
async fn paytrace_refusing_our_credentials_is_told_until_it_lets_us_in() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    story.paytrace.deny(true);
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::PayTraceDenied]);
    assert!(!story.queue.is_empty(), "the hint waits");
    story.paytrace.deny(false);
    story.settles().await;
    assert!(story.exceptions().await.is_empty());
    story.is_posted("1").await;
}

#[tokio::test]
async fn sage_refusing_our_credentials_is_told_until_it_lets_us_in() {
    for operation in ["create_batch", "find_batches", "post_batch", "open_documents"] {
        let story = Story::new();
        story.pays(sale("1", 500, ""));
        story.settles().await;
        story.sage.with(|books| books.script(operation, &[Fault::Denied; 3]));
        story.sage.with(|books| books.script("create_batch", &[Fault::LostBefore]));
        story.pays(sale("2", 600, ""));
        for _ in 0..2 {
            story.takes_in().await;
            story.posts().await;
            story.clock.advance_ms(100_000);
        }
        assert_eq!(story.exceptions().await, [ReasonCode::SageDenied], "{operation}");
        assert!(story.effects("2").await.iter().all(|e| e.state != EffectState::Posted));
        story.settles().await;
        story.is_posted("2").await;
        assert!(story.exceptions().await.is_empty(), "{operation}: it lets us in again");
    }
}

#[tokio::test]
async fn a_hint_for_a_merchant_nobody_configured_is_told() {
    let story = Story::new();
    let body = r#"{"v":1,"merchant":"other","transaction":"1"}"#;
    story.queue.put(QueueName::Hints, body.into());
    assert!(story.takes_in().await);
    assert_eq!(story.exceptions().await, [ReasonCode::MessageUndecodable]);
}

#[tokio::test]
async fn what_cannot_be_worked_off_for_hours_is_queued_again_ever_less_often() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    story.receives("evt", "body", "1").await;
    story.paytrace.deny(true);
    let mut requeued = 0;
    for _ in 0..240 {
        requeued += story.poll.requeue_stale_events().await.unwrap();
        story.clock.advance_ms(60_000);
    }
    assert!((5..=10).contains(&requeued), "{requeued} copies in four hours");
}

#[tokio::test]
async fn a_settlement_reported_in_another_batch_is_noticed_by_polling() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    story.settles().await;
    let settled = |batch: &str| {
        let mut sale = story.paytrace.read("1");
        sale.status = Status::Settled;
        sale.settled = Some(story.clock.now());
        sale.settlement_batch = Some(batch.to_owned());
        story.paytrace.put(sale);
    };
    settled("17");
    story.settles().await;
    assert!(story.exceptions().await.is_empty());
    settled("18");
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::FactChanged]);
}
