//! What goes into which batch and when: to the millisecond, under a clock that stands still.

use std::sync::Arc;

use domain::effect::{Content, Document, Effect, EffectKey, EffectKind, EffectState, Extra};
use domain::exception::ReasonCode;
use domain::id::PaymentKey;
use jiff::{SignedDuration, Timestamp};
use ledger::store::{EffectQuery, Lease, Store};

use super::company::{Fault, usd};
use super::{Still, Story, company, post_settings};
use crate::post::{Report, Settings};

fn morning() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

/// So many milliseconds after the morning.
pub(super) fn at(ms: i64) -> Timestamp {
    morning().checked_add(SignedDuration::from_millis(ms)).unwrap()
}

/// Runs the poster at that time.
pub(super) async fn runs(story: &mut Story, ms: i64) -> Report {
    story.post.clock = Arc::new(Still(at(ms)));
    story.post.run(&company()).await.unwrap()
}

/// A READY effect of that morning, deposited to a bank.
pub(super) async fn ready(story: &Story, id: &str, bank: &str, since: Timestamp) {
    let payment = PaymentKey { merchant: "main".into(), transaction: id.into() };
    let key = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
    let content = Content {
        company: company(),
        bank: bank.into(),
        customer: "1200".into(),
        amount: usd(100),
        reference: key.reference(),
        posting_date: "2026-03-02".parse().unwrap(),
        receipt_date: "2026-03-02".parse().unwrap(),
        payment_code: "CCARD".into(),
        description: String::new(),
        document: Document::UnappliedCash,
        extra: Extra::default(),
    };
    let effect = Effect::ready(key, content, since);
    story.store.inner().insert_effect(&effect, None).await.unwrap();
}

async fn left(story: &Story, state: EffectState) -> usize {
    let query = EffectQuery { company: None, state, limit: 5_000 };
    story.store.inner().effects_by_state(&query).await.unwrap().len()
}

fn settled(settings: Settings) -> Story {
    let mut story = Story::new();
    story.post.settings = settings;
    story
}

#[tokio::test]
async fn effects_gather_until_the_oldest_has_lingered() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    ready(&story, "2", "SEATAC", at(1_500)).await;
    let early = runs(&mut story, 1_999).await;
    assert_eq!(early, Report { next: Some(at(2_000)), ..Report::default() });
    let done = runs(&mut story, 2_000).await;
    assert_eq!(done, Report { sealed: 1, finished: 1, ..Report::default() });
    assert_eq!(left(&story, EffectState::Posted).await, 2);
}

#[tokio::test]
async fn a_full_batch_waits_for_nobody_and_what_is_left_over_for_its_own_time() {
    let mut story = settled(Settings { seal_max: 2, ..post_settings() });
    for (id, since) in [("1", 0), ("2", 100), ("3", 200)] {
        ready(&story, id, "SEATAC", at(since)).await;
    }
    ready(&story, "4", "OTHER", at(300)).await;
    let report = runs(&mut story, 300).await;
    assert_eq!(
        report,
        Report { sealed: 1, finished: 1, next: Some(at(2_200)), ..Report::default() },
        "the earlier of two groups"
    );
    assert_eq!(left(&story, EffectState::Posted).await, 2);
    assert_eq!(left(&story, EffectState::Ready).await, 2);
}

#[tokio::test]
async fn what_may_only_be_alone_is_not_sealed_with_others() {
    let mut story = settled(Settings { seal_max: 0, ..post_settings() });
    ready(&story, "1", "SEATAC", at(0)).await;
    ready(&story, "2", "SEATAC", at(0)).await;
    assert_eq!(runs(&mut story, 0).await.sealed, 2, "one each, at least");
}

#[tokio::test]
async fn more_effects_than_are_looked_at_in_one_go_are_sealed_in_one_run() {
    let mut story = Story::new();
    for n in 0..1_000 {
        ready(&story, &n.to_string(), "SEATAC", at(0)).await;
    }
    let report = runs(&mut story, 5_000).await;
    assert_eq!((report.sealed, report.finished, report.next), (11, 11, None));
    assert_eq!(left(&story, EffectState::Posted).await, 1_000);
    story.never_twice().await;
}

#[tokio::test]
async fn a_page_full_of_what_still_waits_is_left_for_later() {
    let mut story = Story::new();
    for n in 0..990 {
        ready(&story, &n.to_string(), &format!("BANK{n}"), at(0)).await;
    }
    let report = runs(&mut story, 0).await;
    assert_eq!(report, Report { next: Some(at(2_000)), ..Report::default() });
}

#[tokio::test]
async fn one_writer_at_a_time_works_on_a_company() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    let other = Lease { owner: "other".into(), now: at(0), until: at(9_000) };
    assert!(story.store.inner().lease_company(&company(), &other).await.unwrap());
    let busy = runs(&mut story, 9_000).await;
    assert_eq!(busy, Report { busy: true, ..Report::default() });
    assert_eq!(runs(&mut story, 9_001).await.finished, 1);
    let again = Lease { now: at(69_001), until: at(99_000), ..other };
    let leased = story.store.inner().lease_company(&company(), &again).await.unwrap();
    assert!(!leased, "ours for as long as we said");
}

#[tokio::test]
async fn a_company_lost_to_another_worker_half_way_is_left_to_it() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    ready(&story, "2", "OTHER", at(0)).await;
    story.post.clock = Arc::new(Still(at(2_000)));
    story.sage.close_gate("post_batch");
    let bank = company();
    let (ran, ()) = tokio::join!(story.post.run(&bank), async {
        story.sage.until_somebody_waits().await;
        let other = Lease { owner: "other".into(), now: at(90_000), until: at(99_000) };
        assert!(story.store.inner().lease_company(&bank, &other).await.unwrap());
        story.sage.open_gate();
    });
    assert_eq!(ran.unwrap(), Report { sealed: 2, finished: 1, busy: true, ..Report::default() });
    assert_eq!(left(&story, EffectState::Assigned).await, 1, "the other manifest was not begun");
}

#[tokio::test]
async fn a_manifest_put_off_is_not_taken_up_before_its_time() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::LostBefore]));
    let put_off = Report { next: Some(at(92_000)), ..Report::default() };
    let first = runs(&mut story, 2_000).await;
    assert_eq!(first, Report { sealed: 1, ..put_off.clone() });
    let looked = story.sage.with(|books| books.count("find_batches"));
    assert_eq!(runs(&mut story, 91_999).await, put_off);
    assert_eq!(story.sage.with(|books| books.count("find_batches")), looked);
    assert_eq!(runs(&mut story, 92_000).await, Report { finished: 1, ..Report::default() });
}

#[tokio::test]
async fn the_earliest_of_several_put_off_is_told() {
    for (one, other) in [("create_batch", "read_batch"), ("read_batch", "create_batch")] {
        let mut story = settled(Settings { seal_max: 1, ..post_settings() });
        ready(&story, "1", "SEATAC", at(0)).await;
        story.sage.with(|books| books.script(one, &[Fault::NotSent]));
        let first = runs(&mut story, 0).await;
        assert_eq!(first.next, Some(at(1_000)), "{one}");
        ready(&story, "2", "SEATAC", at(500)).await;
        story.sage.with(|books| books.script(other, &[Fault::NotSent]));
        let second = runs(&mut story, 500).await;
        assert_eq!(second.next, Some(at(1_000)), "{other} is put off until later");
    }
}

#[tokio::test]
async fn a_manifest_is_put_before_a_person_when_it_is_older_than_that_and_no_sooner() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::NotSent; 3]));
    runs(&mut story, 2_000).await;
    runs(&mut story, 3_602_000).await;
    assert!(story.exceptions().await.is_empty(), "an hour is not more than an hour");
    runs(&mut story, 3_700_000).await;
    assert_eq!(story.exceptions().await, [ReasonCode::PostStuck]);
    let told = story.store.inner().exceptions(1).await.unwrap().remove(0);
    assert_eq!(told.evidence, "1 entries, 1.00 USD, Sealed for 3698 s");
    assert_eq!(runs(&mut story, 3_710_000).await.finished, 1);
    assert!(story.exceptions().await.is_empty(), "at its end, not at the next sweep");
}

#[tokio::test]
async fn sage_asking_for_patience_is_given_a_second() {
    let mut story = Story::new();
    ready(&story, "1", "SEATAC", at(0)).await;
    story.sage.with(|books| books.script("create_batch", &[Fault::Throttled]));
    assert_eq!(runs(&mut story, 2_000).await.next, Some(at(3_000)));
    assert_eq!(runs(&mut story, 3_000).await.finished, 1);
}

#[tokio::test]
async fn a_refused_credential_ends_the_run_and_keeps_what_was_sealed() {
    let mut story = settled(Settings { seal_max: 1, ..post_settings() });
    ready(&story, "1", "SEATAC", at(0)).await;
    ready(&story, "2", "SEATAC", at(0)).await;
    for operation in ["create_batch", "open_batches"] {
        story.sage.with(|books| books.script(operation, &[Fault::Denied]));
    }
    let report = runs(&mut story, 0).await;
    assert_eq!(report, Report { sealed: 2, ..Report::default() });
    assert_eq!(story.sage.with(|books| books.count("create_batch")), 1, "it would be refused too");
    assert_eq!(story.exceptions().await, [ReasonCode::SageDenied]);
    assert_eq!(runs(&mut story, 1).await.finished, 2);
}
