//! How a hint is worked off: what is asked of whom, how often, and what is told to whom.

use std::sync::Arc;

use async_trait::async_trait;
use domain::effect::{Document, EffectState};
use domain::exception::ReasonCode;
use domain::id::{MerchantId, ProfileId, TransactionId};
use domain::transaction::{Status, Transaction};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ledger::store::Store;

use super::company::Fault;
use super::paytrace::{FakePayTrace, sale};
use super::{Still, Story, company, customer};
use crate::hint::Ready;
use crate::port::{CallError, Called, Cause, Gateway, Phase, QueueName};
use crate::transform::TransformError;

/// A PayTrace that fails, or knows an e-mail.
struct Other {
    inner: Arc<FakePayTrace>,
    fails: Option<(Phase, Option<Cause>)>,
    email: Option<&'static str>,
}

#[async_trait]
impl Gateway for Other {
    async fn transaction(
        &self,
        merchant: &MerchantId,
        id: &TransactionId,
    ) -> Called<Option<Transaction>> {
        let Some((phase, cause)) = self.fails else {
            return self.inner.transaction(merchant, id).await;
        };
        let message = "scripted".to_owned();
        Err(CallError { operation: "PayTrace", phase, cause, message, retry_after_ms: None })
    }

    async fn created_between(&self, _: &MerchantId, _: Date, _: Date) -> Called<Vec<Transaction>> {
        Ok(Vec::new())
    }

    async fn profile_email(&self, _: &MerchantId, _: &ProfileId) -> Called<Option<String>> {
        Ok(self.email.map(str::to_owned))
    }
}

/// So many milliseconds after noon of that day.
fn at(ms: i64) -> Arc<Still> {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    Arc::new(Still(noon.checked_add(SignedDuration::from_millis(ms)).unwrap()))
}

fn failing(phase: Phase, cause: Option<Cause>) -> Story {
    let mut story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    let inner = Arc::clone(&story.paytrace);
    story.transform.gateway = Arc::new(Other { inner, fails: Some((phase, cause)), email: None });
    story
}

fn asked(story: &Story, operation: &str) -> u64 {
    story.sage.with(|books| books.count(operation))
}

fn asked_in_all(story: &Story) -> u64 {
    story.sage.with(|books| books.calls.values().sum())
}

#[tokio::test]
async fn a_paytrace_that_fails_is_asked_again_and_nobody_is_told() {
    for phase in [Phase::NotSent, Phase::Throttled, Phase::Unclear, Phase::Refused] {
        let story = failing(phase, None);
        story.receives("e1", "body", "1").await;
        assert!(!story.takes_in().await, "{phase:?}");
        assert!(story.exceptions().await.is_empty(), "{phase:?}");
        assert!(!story.queue.is_empty(), "{phase:?}: the hint waits");
    }
}

#[tokio::test]
async fn a_paytrace_that_refuses_our_credentials_is_told_and_asked_again() {
    let story = failing(Phase::Refused, Some(Cause::Denied));
    story.receives("e1", "body", "1").await;
    assert!(!story.takes_in().await);
    assert_eq!(story.exceptions().await, [ReasonCode::PayTraceDenied]);
    assert!(!story.queue.is_empty());
}

#[tokio::test]
async fn a_transaction_paytrace_cannot_state_is_told_and_done_with() {
    let story = failing(Phase::Refused, Some(Cause::Rule));
    story.receives("e1", "body", "1").await;
    assert!(story.takes_in().await);
    assert_eq!(story.exceptions().await, [ReasonCode::AmountInvalid]);
    story.clock.advance_ms(100_000);
    assert_eq!(story.poll.requeue_stale_events().await.unwrap(), 0, "it is worked off");
}

#[tokio::test]
async fn a_status_nobody_knows_is_told_and_nothing_is_believed() {
    let story = Story::new();
    story.pays(Transaction { status: Status::Unknown, ..sale("1", 500, "") });
    assert!(story.takes_in().await);
    assert_eq!(story.exceptions().await, [ReasonCode::StatusUnknown]);
    assert!(story.effects("1").await.is_empty());
    story.paytrace.change("1", Status::Settled);
    story.settles().await;
    story.is_posted("1").await;
}

#[tokio::test]
async fn a_sage_that_fails_is_asked_again_and_nobody_is_told() {
    let story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    story.sage.with(|books| books.script("open_documents", &[Fault::LostBefore]));
    let failed = story.works("1", false).await;
    assert!(matches!(failed, Err(TransformError::Call(_))), "{failed:?}");
    assert!(story.exceptions().await.is_empty());
    assert!(story.effects("1").await.is_empty());
    story.works("1", false).await.unwrap();
    assert_eq!(story.effect("1").await.state, EffectState::Ready);
}

#[tokio::test]
async fn an_alarm_about_sages_credential_is_over_once_sage_lets_a_transformer_in() {
    let story = Story::new();
    for n in 1..=3 {
        story.paytrace.put(sale(&n.to_string(), 500, ""));
    }
    story.works("1", false).await.unwrap();
    for id in ["2", "3"] {
        story.sage.with(|books| books.script("open_documents", &[Fault::Denied]));
        let denied = story.works(id, false).await;
        assert!(matches!(denied, Err(TransformError::Call(_))), "{denied:?}");
        story.works("1", false).await.unwrap();
        assert_eq!(story.exceptions().await, [ReasonCode::SageDenied], "nothing was asked");
        story.works(id, false).await.unwrap();
        assert!(story.exceptions().await.is_empty());
    }
}

#[tokio::test]
async fn sage_is_asked_only_where_something_is_to_be_decided() {
    let story = Story::new();
    for (id, status) in [("1", Status::Declined), ("2", Status::Authorized), ("3", Status::Voided)]
    {
        story.paytrace.put(Transaction { status, ..sale(id, 500, "") });
        story.works(id, false).await.unwrap();
        story.works(id, true).await.unwrap();
    }
    assert_eq!(asked_in_all(&story), 0);
    story.paytrace.put(sale("4", 500, ""));
    story.works("4", false).await.unwrap();
    let once = asked_in_all(&story);
    assert!(once > 0);
    story.works("4", false).await.unwrap();
    story.works("4", true).await.unwrap();
    assert_eq!(asked_in_all(&story), once, "what is decided stays decided");
}

#[tokio::test]
async fn what_is_held_is_decided_again_when_that_is_asked_for_and_not_otherwise() {
    let story = Story::new();
    let ada = story.sage.with(|books| std::mem::take(&mut books.customers));
    story.paytrace.put(sale("1", 500, ""));
    story.works("1", false).await.unwrap();
    assert_eq!(story.held_for("1").await, ReasonCode::CustomerNotFound);
    story.sage.with(|books| books.customers = ada);
    let before = asked_in_all(&story);
    story.works("1", false).await.unwrap();
    assert_eq!(story.held_for("1").await, ReasonCode::CustomerNotFound);
    assert_eq!(asked_in_all(&story), before);
    story.works("1", true).await.unwrap();
    assert_eq!(story.effect("1").await.state, EffectState::Ready);
}

#[tokio::test]
async fn what_is_held_on_other_evidence_is_told_anew() {
    let mut story = Story::new();
    story.paytrace.put(sale("1", 500, ""));
    for day in 2..=4 {
        let locked = Date::new(2026, 3, day).unwrap();
        story.sage.with(|books| books.locked.insert(locked, None));
    }
    let mut told = Vec::new();
    for (day, redecide) in [(0, false), (0, true), (1, false), (1, true)] {
        story.transform.clock = at(day * 86_400_000);
        story.works("1", redecide).await.unwrap();
        let effect = story.effect("1").await;
        told.push((effect.hold.unwrap().evidence, effect.generation));
    }
    let (first, second) = ("A/R may not post to 2026-03-02", "A/R may not post to 2026-03-03");
    let stands = |text: &str, generation| (text.to_owned(), generation);
    assert_eq!(told, [stands(first, 1), stands(first, 1), stands(first, 1), stands(second, 2)]);
}

#[tokio::test]
async fn set_up_that_is_found_is_remembered_for_five_minutes() {
    let mut story = Story::new();
    for n in 1..=4 {
        story.paytrace.put(sale(&n.to_string(), 500, ""));
    }
    for (id, ms, times) in [("1", 0, 1), ("2", 299_999, 1), ("3", 300_000, 2), ("4", 300_001, 2)] {
        story.transform.clock = at(ms);
        story.works(id, false).await.unwrap();
        for operation in ["bank_exists", "payment_code_exists", "period"] {
            assert_eq!(asked(&story, operation), times, "{operation} after {ms} ms");
        }
    }
}

#[tokio::test]
async fn set_up_that_is_not_found_and_a_locked_period_are_asked_for_each_time() {
    for (bank, operation) in [(false, "bank_exists"), (true, "period")] {
        let story = Story::new();
        story.sage.with(|books| {
            if !bank {
                books.banks.clear();
            }
            books.locked.insert("2026-03-02".parse().unwrap(), None);
        });
        story.paytrace.put(sale("1", 500, ""));
        story.works("1", false).await.unwrap();
        story.works("1", true).await.unwrap();
        assert_eq!(asked(&story, operation), 2, "{operation}");
    }
}

#[tokio::test]
async fn the_poster_is_told_once_for_all_that_gathers() {
    let mut story = Story::new();
    story.transform.linger_ms = 1_001;
    for n in 1..=3 {
        story.paytrace.put(sale(&n.to_string(), 500, ""));
    }
    for (id, ms, messages) in [("1", 0, 1), ("2", 1_000, 0), ("3", 1_001, 1)] {
        story.transform.clock = at(ms);
        story.works(id, false).await.unwrap();
        assert_eq!(story.queue.take(), None, "it is told to look when they have gathered");
        story.clock.advance_ms(2_000);
        let told = story.queue.take();
        let body = Ready::body(&company());
        assert_eq!(told, (messages == 1).then_some((QueueName::EffectsReady, body)), "{id}");
    }
}

#[tokio::test]
async fn the_poster_is_not_told_of_what_is_held() {
    let story = Story::new();
    story.sage.with(|books| books.customers.clear());
    story.paytrace.put(sale("1", 500, ""));
    story.works("1", false).await.unwrap();
    assert!(story.queue.is_empty());
}

#[tokio::test]
async fn an_order_of_somebody_else_is_nobodys_prepayment() {
    let story = Story::new();
    story.sage.with(|books| books.orders.insert("ORD7".into(), "1300".into()));
    story.sage.with(|books| books.orders.insert("ORD8".into(), "1200".into()));
    story.paytrace.put(sale("1", 500, "ORD7"));
    story.works("1", false).await.unwrap();
    assert_eq!(story.effect("1").await.content.unwrap().document, Document::UnappliedCash);
    story.paytrace.put(sale("2", 500, "ORD7 ORD8"));
    story.works("2", false).await.unwrap();
    let document = story.effect("2").await.content.unwrap().document;
    assert_eq!(document, Document::Prepayment { order: Some("ORD8".into()) });
}

#[tokio::test]
async fn a_document_that_is_paid_meanwhile_is_not_drawn_down() {
    let story = Story::new();
    story.owes("IN1", 0, "2026-03-01");
    story.owes("IN2", 900, "2026-03-01");
    story.paytrace.put(sale("1", 500, "IN1"));
    story.works("1", false).await.unwrap();
    assert_eq!(story.effect("1").await.content.unwrap().document, Document::UnappliedCash);
}

async fn customer_of(story: &Story, payment: Transaction) -> Option<String> {
    let id = payment.key.transaction.to_string();
    story.paytrace.put(payment);
    story.works(&id, false).await.unwrap();
    story.effect(&id).await.content.map(|content| content.customer.to_string())
}

fn paid_by(id: &str, name: &str, email: &str, invoice: &str) -> Transaction {
    let mut payment = sale(id, 500, invoice);
    payment.payer.name = name.into();
    payment.payer.email = email.into();
    payment
}

#[tokio::test]
async fn a_payer_is_found_by_email_whatever_the_name_and_else_by_name() {
    let story = Story::new();
    let by_email = paid_by("1", "Somebody Else", " ada@example.test ", "");
    assert_eq!(customer_of(&story, by_email).await.as_deref(), Some("1200"));
    let by_name = paid_by("2", "Ada Example", "", "");
    assert_eq!(customer_of(&story, by_name).await.as_deref(), Some("1200"));
    let other = paid_by("3", "Ada Example", "other@example.test", "");
    assert_eq!(customer_of(&story, other).await.as_deref(), Some("1200"), "nobody has it");
    assert_eq!(customer_of(&story, paid_by("4", " ", "", "")).await, None);
    assert_eq!(story.held_for("4").await, ReasonCode::CustomerNotFound);
}

#[tokio::test]
async fn an_email_paytrace_keeps_for_the_profile_counts_where_the_payment_has_none() {
    let mut story = Story::new();
    let inner = Arc::clone(&story.paytrace);
    let email = Some("ada@example.test");
    story.transform.gateway = Arc::new(Other { inner, fails: None, email });
    let mut payment = paid_by("1", "", " ", "");
    payment.payer.profile = Some("V1".into());
    assert_eq!(customer_of(&story, payment).await.as_deref(), Some("1200"));
    let mut payment = paid_by("2", "", "other@example.test", "");
    payment.payer.profile = Some("V1".into());
    assert_eq!(customer_of(&story, payment).await, None, "its own goes first");
}

#[tokio::test]
async fn the_document_named_tells_twins_apart_and_names_a_stranger() {
    let story = Story::new();
    story.sage.with(|books| {
        let twin = customer("1300", "Ada Example", "ada@example.test");
        books.customers.insert("1300".into(), twin);
    });
    story.owes("IN1", 900, "2026-03-01");
    story.owes("IN2", 900, "2026-03-01");
    story.sage.with(|books| books.documents.get_mut("IN2").unwrap().customer = "1300".into());
    let ada = |id: &str, invoice: &str| paid_by(id, "Ada Example", "ada@example.test", invoice);
    assert_eq!(customer_of(&story, ada("1", "IN1")).await.as_deref(), Some("1200"));
    assert_eq!(customer_of(&story, ada("2", "IN2")).await.as_deref(), Some("1300"));
    assert_eq!(customer_of(&story, ada("3", "IN1 IN2")).await, None, "both are named");
    let evidence = story.effect("3").await.hold.unwrap().evidence;
    assert_eq!(evidence, "2 candidates: 1200 (Ada Example), 1300 (Ada Example)");

    let stranger = |id: &str, invoice: &str| paid_by(id, "Bob", "bob@example.test", invoice);
    assert_eq!(customer_of(&story, stranger("4", "IN2")).await.as_deref(), Some("1300"));
    assert_eq!(customer_of(&story, stranger("5", "IN1 IN2")).await, None);
    assert_eq!(story.held_for("5").await, ReasonCode::CustomerNotFound);
}

#[tokio::test]
async fn a_link_to_a_customer_that_is_gone_is_put_before_a_person() {
    let story = Story::new();
    let profile = Some(ProfileId::from("V1"));
    let link = profile.as_ref().unwrap();
    story.store.inner().put_link(&"main".into(), link, &"9999".into()).await.unwrap();
    let mut payment = sale("1", 500, "");
    payment.payer.profile = profile;
    assert_eq!(customer_of(&story, payment).await, None);
    assert_eq!(story.effect("1").await.hold.unwrap().evidence, "customer 9999 is not in Sage");
}
