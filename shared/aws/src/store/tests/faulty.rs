//! The store over a network that loses answers and throttles.

use std::sync::atomic::Ordering;

use domain::effect::EffectState;
use domain::manifest::{AttemptOutcome, ManifestState};
use ledger::store::{
    Changed, Decision, Inserted, Leased, Release, Sealed, Store, StoreError, TotalsRow,
};

use super::super::DynamoStore;
use super::effect;
use super::samples::{
    BATCH, at, content, guard, held, hold, key, lease, manifest, posted, ready, usd,
};
use crate::emulator;
use crate::faults::{Fault, Plan, every_answer_lost_once, first_writes, network};

/// A store of a new table behind that network, and one of the same table beside it.
async fn behind(endpoint: &str, plan: Plan) -> (DynamoStore, DynamoStore) {
    let direct = emulator::connection(endpoint).dynamodb();
    let table = emulator::table(&direct).await;
    let address = network(endpoint, plan).await;
    let faulty = emulator::connection(&address).dynamodb();
    (DynamoStore::new(faulty, table.as_str()), DynamoStore::new(direct, table))
}

#[tokio::test]
async fn answers_lost_change_nothing_of_a_receipts_way() {
    let Some(endpoint) = emulator::endpoint("answers_lost_change_nothing_of_a_receipts_way") else {
        return;
    };
    let (plan, lost) = every_answer_lost_once();
    let (store, direct) = behind(&endpoint, plan).await;
    assert_eq!(store.insert_effect(&ready(1), Some(&guard(0))).await.unwrap(), Inserted::New);
    assert_eq!(direct.pending(&"SAMLTD".into(), &"1200".into()).await.unwrap().version, 1);
    store.insert_effect(&held(2, "who?"), None).await.unwrap();
    let decision = Decision::Ready(Box::new(content(2)));
    let decided = store.decide_effect(&key(2), 1, &decision, Some(&guard(1))).await.unwrap();
    assert_eq!(decided, Changed::Done);
    let second = effect(&direct, 2).await;
    assert_eq!((second.state, second.generation), (EffectState::Ready, 2));

    let manifest = manifest(&[ready(1), second]);
    let id = &manifest.id;
    assert_eq!(store.seal_manifest(&manifest).await.unwrap(), Sealed::Stored);
    let Leased::Ours(leased) = store.acquire_lease(id, &lease("a", 10)).await.unwrap() else {
        panic!("a lease whose answer was lost is ours");
    };
    let epoch = leased.epoch;
    assert!(store.record_attempt(id, epoch, at(11), at(500)).await.unwrap().holds);
    let closed = store.close_attempt(id, epoch, AttemptOutcome::Closed).await.unwrap();
    assert!(closed.holds);
    assert!(store.commit_batch(id, BATCH).await.unwrap().holds);
    assert!(store.mark_frozen(id, BATCH).await.unwrap().holds);
    assert!(store.mark_posting(id, BATCH, at(20)).await.unwrap().holds);
    let outcomes = [posted(1), posted(2)];
    let done = store.finish_manifest(id, BATCH, &outcomes, at(30)).await.unwrap();
    assert!(done.holds);
    assert_eq!(done.manifest.state, ManifestState::Posted);
    let rows = direct.totals().await.unwrap().rows;
    let state = EffectState::Posted;
    assert_eq!(rows, [TotalsRow { merchant: "m1".into(), state, count: 2, amount: usd(2_000) }]);
    assert_eq!(lost.load(Ordering::SeqCst), 12, "the answer to every write was lost once");
}

#[tokio::test]
async fn answers_lost_release_an_effect_once() {
    let Some(endpoint) = emulator::endpoint("answers_lost_release_an_effect_once") else { return };
    let (plan, lost) = every_answer_lost_once();
    let (store, direct) = behind(&endpoint, plan).await;
    store.insert_effect(&ready(1), None).await.unwrap();
    let manifest = manifest(&[ready(1)]);
    store.seal_manifest(&manifest).await.unwrap();
    let release = Release::Ready { seal_max: 1 };
    assert!(store.abort_manifest(&manifest.id, &release).await.unwrap().holds);
    let effect = effect(&direct, 1).await;
    assert_eq!((effect.state, effect.generation), (EffectState::Ready, 2));
    assert_eq!(store.hold_effect(&key(1), &hold("wait")).await.unwrap(), Changed::Done);
    assert_eq!(store.cancel_effect(&key(1)).await.unwrap(), Changed::Done);
    let link = store.put_link(&"m1".into(), &"p".into(), &"1200".into()).await.unwrap();
    assert_eq!(link, "1200".into());
    let told = super::exception();
    assert!(store.raise(&told).await.unwrap(), "what was raised by this call is new");
    assert!(store.lease_company(&"SAMLTD".into(), &lease("a", 1)).await.unwrap());
    assert_eq!(lost.load(Ordering::SeqCst), 9, "the answer to every write was lost once");
}

#[tokio::test]
async fn what_is_throttled_or_contended_is_tried_again() {
    let Some(endpoint) = emulator::endpoint("what_is_throttled_or_contended_is_tried_again") else {
        return;
    };
    for fault in [Fault::Throttled, Fault::Conflict] {
        let (store, _) = behind(&endpoint, first_writes(2, fault)).await;
        let inserted = store.insert_effect(&ready(1), Some(&guard(0))).await.unwrap();
        assert_eq!(inserted, Inserted::New, "{fault:?}");
        let (store, _) = behind(&endpoint, first_writes(2, fault)).await;
        store.advance_watermark("poll/m1", at(5)).await.unwrap();
        assert_eq!(store.watermark("poll/m1").await.unwrap().map(|w| w.at), Some(at(5)));
        let (store, _) = behind(&endpoint, first_writes(2, fault)).await;
        assert_eq!(store.insert_effect(&held(1, "x"), None).await.unwrap(), Inserted::New);
    }
}

#[tokio::test]
async fn what_stays_throttled_is_an_error_and_nothing_is_written() {
    let Some(endpoint) = emulator::endpoint("what_stays_throttled_is_an_error") else { return };
    for fault in [Fault::Throttled, Fault::Conflict] {
        let (store, direct) = behind(&endpoint, first_writes(u32::MAX, fault)).await;
        let StoreError { operation, .. } = store.insert_effect(&ready(1), None).await.unwrap_err();
        assert_eq!(operation, "insert_effect");
        assert_eq!(direct.payment(&key(1).payment).await.unwrap(), None);
        assert_eq!(direct.pending(&"SAMLTD".into(), &"1200".into()).await.unwrap().version, 0);
    }
}
