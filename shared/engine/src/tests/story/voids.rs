//! A void before, while and after its receipt is posted.

use domain::effect::EffectState;
use domain::exception::ReasonCode;
use domain::transaction::{Kind, Status};
use ledger::posting::BatchStatus;
use ledger::store::Store;

use super::Story;
use super::company::Fault;
use super::paytrace::sale;
use crate::transform::TransformError;

#[tokio::test]
async fn a_void_before_posting_cancels_the_receipt() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    assert!(story.takes_in().await);
    story.paytrace.change("1", Status::Voided);
    story.hint("1");
    story.settles().await;
    assert_eq!(story.effect("1").await.state, EffectState::Cancelled);
    assert!(story.sage.with(|books| books.batches.is_empty()));
    assert!(story.exceptions().await.is_empty());
}

#[tokio::test]
async fn a_void_known_before_the_payment_leaves_nothing_to_do() {
    let story = Story::new();
    let mut payment = sale("1", 500, "");
    payment.status = Status::Voided;
    story.pays(payment);
    story.settles().await;
    assert!(story.effects("1").await.is_empty());
}

#[tokio::test]
async fn a_void_after_posting_is_put_before_a_person() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    story.settles().await;
    story.paytrace.change("1", Status::Voided);
    story.hint("1");
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::VoidedAfterPosting]);
    story.is_posted("1").await;
}

#[tokio::test]
async fn a_void_while_posting_waits_for_the_outcome() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    assert!(story.takes_in().await);
    story.sage.with(|books| books.script("post_batch", &[Fault::LostBefore]));
    story.posts().await;
    assert_eq!(story.effect("1").await.state, EffectState::Assigned);
    story.paytrace.change("1", Status::Voided);
    let early = story.works("1", false).await;
    assert!(matches!(early, Err(TransformError::VoidRacesPosting)), "{early:?}");
    story.hint("1");
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::VoidedAfterPosting]);
}

#[tokio::test]
async fn a_void_while_posting_cancels_what_sage_then_refuses() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    assert!(story.takes_in().await);
    story.sage.with(|books| {
        books.unpostable.insert("1".into());
        books.script("post_batch", &[Fault::LostBefore]);
    });
    story.posts().await;
    story.paytrace.change("1", Status::Voided);
    story.hint("1");
    story.settles().await;
    assert_eq!(story.effect("1").await.state, EffectState::Cancelled);
    assert!(story.sage.with(|books| books.in_status(BatchStatus::Open)).is_empty());
}

/// One worker has read the sale and is asking the books; another takes in the void, finds nothing
/// to cancel, and is done.
#[tokio::test]
async fn a_void_taken_in_while_its_sale_is_decided_is_not_forgotten() {
    let story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    story.sage.close_gate("open_documents");
    let (sold, voided) = tokio::join!(story.works("1", false), async {
        story.sage.until_somebody_waits().await;
        story.paytrace.change("1", Status::Voided);
        let done = story.works("1", false).await;
        story.sage.open_gate();
        done
    });
    sold.unwrap();
    voided.unwrap();
    story.settles().await;
    assert_eq!(story.effect("1").await.state, EffectState::Cancelled);
    assert!(story.sage.with(|books| books.posted("1")).is_empty());
}

#[tokio::test]
async fn a_refund_voided_before_a_person_entered_it_is_not_to_be_entered() {
    let story = Story::new();
    let mut refund = sale("1", 500, "");
    refund.kind = Kind::Refund;
    story.pays(refund);
    story.settles().await;
    assert_eq!(story.held_for("1").await, ReasonCode::RefundByHand);
    story.paytrace.change("1", Status::Voided);
    story.settles().await;
    assert_eq!(story.effect("1").await.state, EffectState::Cancelled);
}

/// Two deliveries of one hint: one saw the void and failed on the receipt being posted, the other had
/// read the sale before it and was acknowledged, and the message with it.
#[tokio::test]
async fn a_void_whose_message_is_gone_is_acted_on_all_the_same() {
    for cancelled_in_time in [false, true] {
        let story = Story::new();
        story.pays(sale("1", 500, ""));
        assert!(story.takes_in().await);
        if !cancelled_in_time {
            story.settles().await;
        }
        story.paytrace.change("1", Status::Voided);
        let voided = story.paytrace.read("1");
        let facts = domain::fact::stated_by(&voided);
        story.store.inner().fold_facts(&voided.key, &facts).await.unwrap();
        assert!(story.queue.is_empty() || cancelled_in_time);
        let _ = story.poll.run(&story.merchant).await;
        assert!(story.takes_in().await);
        match cancelled_in_time {
            true => assert_eq!(story.effect("1").await.state, EffectState::Cancelled),
            false => assert_eq!(story.exceptions().await, [ReasonCode::VoidedAfterPosting]),
        }
    }
}

#[tokio::test]
async fn a_void_of_a_receipt_in_a_held_batch_is_put_before_a_person() {
    let story = Story::new();
    story.pays(sale("1", 500, ""));
    assert!(story.takes_in().await);
    story.sage.with(|books| books.script("post_batch", &[Fault::LostBefore]));
    story.posts().await;
    story.sage.with(|books| {
        let number = *books.batches.keys().next().unwrap();
        books.batches.remove(&number);
    });
    story.settles().await;
    assert_eq!(story.exceptions().await, [ReasonCode::BatchChanged]);
    story.paytrace.change("1", Status::Voided);
    story.works("1", false).await.unwrap();
    let mut reasons = story.exceptions().await;
    reasons.sort();
    assert_eq!(reasons, [ReasonCode::BatchChanged, ReasonCode::VoidedAfterPosting]);
}
