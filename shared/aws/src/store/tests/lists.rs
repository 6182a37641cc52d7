//! More than one page, one batch and one transaction hold; and what is left out of them.

use domain::effect::{Effect, EffectKey, EffectState};
use domain::manifest::{AttemptOutcome, Entry, ManifestState};
use ledger::store::{EffectQuery, InboxEvent, Inserted, Release, Sealed, Store};

use super::super::expression::Change;
use super::super::index;
use super::super::item::text;
use super::super::key::Key;
use super::super::layout;
use super::super::table::IndexQuery;
use super::fresh;
use super::samples::{BATCH, at, held, hold, key, lease, manifest, posted, ready, usd};
use crate::emulator;

#[tokio::test]
async fn lists_and_totals_go_on_over_pages() {
    let Some(endpoint) = emulator::endpoint("lists_and_totals_go_on_over_pages") else { return };
    let store = fresh(&endpoint).await;
    for transaction in 0..250 {
        let other = Effect { company: "OTHER".into(), ..ready(transaction) };
        let effect = if transaction % 5 == 0 { other } else { ready(transaction) };
        assert_eq!(store.insert_effect(&effect, None).await.unwrap(), Inserted::New);
    }
    let query = |company: Option<&str>, limit| EffectQuery {
        company: company.map(Into::into),
        state: EffectState::Ready,
        limit,
    };
    let all = store.effects_by_state(&query(None, usize::MAX)).await.unwrap();
    assert_eq!(all.len(), 250);
    assert!(all.is_sorted_by_key(|effect| effect.since));
    let some = store.effects_by_state(&query(None, 130)).await.unwrap();
    assert_eq!(some, all[..130]);
    let ours = store.effects_by_state(&query(Some("SAMLTD"), 999)).await.unwrap();
    assert_eq!(ours.len(), 200);
    let rows = store.totals().await.unwrap().rows;
    assert_eq!((rows[0].count, rows[0].amount), (250, usd(250_000)));
    let pending = store.pending(&"SAMLTD".into(), &"1200".into()).await.unwrap();
    assert_eq!((pending.version, pending.by_document[&"IN1".into()]), (250, usd(250_000)));
}

#[tokio::test]
async fn a_payment_larger_than_a_page_is_read_whole() {
    let Some(endpoint) = emulator::endpoint("a_payment_larger_than_a_page") else { return };
    let store = fresh(&endpoint).await;
    let long = "evidence ".repeat(35_000);
    for ordinal in 1..=5 {
        let effect = Effect { key: EffectKey { ordinal, ..key(1) }, ..held(1, &long) };
        store.insert_effect(&effect, None).await.unwrap();
    }
    let payment = store.payment(&key(1).payment).await.unwrap().unwrap();
    let ordinals: Vec<u32> = payment.effects.iter().map(|effect| effect.key.ordinal).collect();
    assert_eq!(ordinals, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn ninety_nine_effects_go_through_together_and_no_more() {
    let Some(endpoint) = emulator::endpoint("ninety_nine_effects_go_through_together") else {
        return;
    };
    let store = fresh(&endpoint).await;
    let effects: Vec<Effect> = (0..100).map(ready).collect();
    for effect in &effects {
        store.insert_effect(effect, None).await.unwrap();
    }
    assert!(store.seal_manifest(&manifest(&effects)).await.is_err(), "101 items are too many");
    let manifest = manifest(&effects[..99]);
    assert_eq!(store.seal_manifest(&manifest).await.unwrap(), Sealed::Stored);
    store.commit_batch(&manifest.id, BATCH).await.unwrap();
    let outcomes: Vec<_> = (1..=99).map(posted).collect();
    let done = store.finish_manifest(&manifest.id, BATCH, &outcomes, at(200)).await.unwrap();
    assert!(done.holds);
    let query = EffectQuery { company: None, state: EffectState::Posted, limit: 200 };
    assert_eq!(store.effects_by_state(&query).await.unwrap().len(), 99);

    let pending = store.pending(&"SAMLTD".into(), &"1200".into()).await.unwrap();
    assert_eq!(pending.by_document[&"IN1".into()], usd(1_000), "one is left to draw");
    let account = Key::account(&"SAMLTD".into(), &"1200".into());
    let account = store.table().get(&account).await.unwrap().unwrap();
    assert_eq!(account.texts("live").unwrap().len(), 1, "those that do not are taken out");
    assert_eq!(store.pending(&"SAMLTD".into(), &"1200".into()).await.unwrap(), pending);
}

#[tokio::test]
async fn an_effect_changed_by_hand_is_left_alone_at_the_end() {
    let Some(endpoint) = emulator::endpoint("an_effect_changed_by_hand_is_left_alone") else {
        return;
    };
    let store = fresh(&endpoint).await;
    let effects = [ready(1), ready(2), ready(3)];
    for effect in &effects {
        store.insert_effect(effect, None).await.unwrap();
    }
    let manifest = manifest(&effects);
    store.seal_manifest(&manifest).await.unwrap();
    store.commit_batch(&manifest.id, BATCH).await.unwrap();
    let by_hand = Change::of(Key::effect(&key(2))).set("man", text("another"));
    store.table().change(&by_hand).await.unwrap();
    let outcomes = [posted(1), posted(2), posted(3)];
    let done = store.finish_manifest(&manifest.id, BATCH, &outcomes, at(200)).await.unwrap();
    assert!(done.holds);
    for (transaction, state) in
        [(1, EffectState::Posted), (2, EffectState::Assigned), (3, EffectState::Posted)]
    {
        let payment = store.payment(&key(transaction).payment).await.unwrap().unwrap();
        assert_eq!(payment.effects[0].state, state);
    }
}

#[tokio::test]
async fn a_manifest_finished_while_held_stays_before_a_person_until_let_go() {
    let Some(endpoint) = emulator::endpoint("a_manifest_finished_while_held") else { return };
    let store = fresh(&endpoint).await;
    store.insert_effect(&ready(1), None).await.unwrap();
    let manifest = manifest(&[ready(1)]);
    let (id, company) = (&manifest.id, "SAMLTD".into());
    store.seal_manifest(&manifest).await.unwrap();
    store.commit_batch(id, BATCH).await.unwrap();
    store.hold_manifest(id, Some(&hold("look"))).await.unwrap();
    let done = store.finish_manifest(id, BATCH, &[posted(1)], at(200)).await.unwrap();
    assert!(done.holds);
    let held = store.held_manifests(9).await.unwrap();
    assert_eq!(held.iter().map(|m| m.state).collect::<Vec<_>>(), [ManifestState::Posted]);
    store.hold_manifest(id, None).await.unwrap();
    assert!(store.held_manifests(9).await.unwrap().is_empty());
    assert!(store.open_manifests(&company, 9).await.unwrap().is_empty());
    assert!(store.hold_manifest(&"none".into(), None).await.is_err());
    assert!(store.hold_manifest(&"none".into(), Some(&hold("x"))).await.is_err());
}

/// The same seal by two workers, each at its own time, is one manifest.
#[tokio::test]
async fn a_seal_repeated_at_another_time_is_the_same_manifest() {
    let Some(endpoint) = emulator::endpoint("a_seal_repeated_at_another_time") else { return };
    let store = fresh(&endpoint).await;
    store.insert_effect(&ready(1), None).await.unwrap();
    let first = manifest(&[ready(1)]);
    let mut second = first.clone();
    second.sealed_at = at(101);
    assert_eq!(store.seal_manifest(&first).await.unwrap(), Sealed::Stored);
    assert_eq!(store.seal_manifest(&second).await.unwrap(), Sealed::Stored);
    assert_eq!(store.manifest(&first.id).await.unwrap(), Some(first.clone()));
    let entries: Vec<Entry> = store.manifest(&first.id).await.unwrap().unwrap().entries;
    assert_eq!(entries, first.entries);
}

/// What is over is in no index any more: lists do not grow with all there ever was.
#[tokio::test]
async fn what_is_over_leaves_the_indexes() {
    let Some(endpoint) = emulator::endpoint("what_is_over_leaves_the_indexes") else { return };
    let store = fresh(&endpoint).await;
    let event = InboxEvent {
        merchant: "m1".into(),
        id: "e1".into(),
        body_hash: "aa".to_owned(),
        transaction: None,
        source: "poll".to_owned(),
        received: at(1),
    };
    store.insert_inbox(&event).await.unwrap();
    let told = super::exception();
    store.raise(&told).await.unwrap();
    for transaction in [1, 2] {
        store.insert_effect(&ready(transaction), None).await.unwrap();
    }
    let (posting, aborting) = (manifest(&[ready(1)]), manifest(&[ready(2)]));
    for sealed in [&posting, &aborting] {
        store.seal_manifest(sealed).await.unwrap();
        store.acquire_lease(&sealed.id, &lease("a", 1)).await.unwrap();
        store.record_attempt(&sealed.id, 1, at(2), at(500)).await.unwrap();
    }
    let indexed = async || {
        let mut counts = Vec::new();
        let states = ["EVT#WAITING", "EXC#OPEN", "MAN#OPEN#SAMLTD"];
        let queries = states.map(|state| index::by_state(state.to_owned()));
        let strays = IndexQuery {
            index: layout::STRAYS_NAME,
            partition: (index::STRAY, "MAN#STRAYS#SAMLTD".to_owned()),
            sort: None,
            filter: None,
        };
        for query in queries.iter().chain([&strays]) {
            counts.push(store.table().page(query, None, 9).await.unwrap().items.len());
        }
        counts
    };
    assert_eq!(indexed().await, [1, 1, 2, 2]);
    store.mark_handled(&event.merchant, &event.id).await.unwrap();
    store.close_exception(&told.id, at(3)).await.unwrap();
    for sealed in [&posting, &aborting] {
        store.close_attempt(&sealed.id, 1, AttemptOutcome::Closed).await.unwrap();
    }
    store.commit_batch(&posting.id, BATCH).await.unwrap();
    store.finish_manifest(&posting.id, BATCH, &[posted(1)], at(4)).await.unwrap();
    store.abort_manifest(&aborting.id, &Release::Ready { seal_max: 1 }).await.unwrap();
    assert_eq!(indexed().await, [0, 0, 0, 0]);
}
