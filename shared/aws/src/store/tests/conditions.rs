//! Conditions on items no operation writes: each half of a condition refuses by itself, so that one
//! wrong item does no harm.

use domain::effect::EffectState;
use domain::id::BatchNumber;
use domain::manifest::{Commit, Manifest};
use ledger::store::{Changed, Decision, Release, Sealed, Store};

use super::super::DynamoStore;
use super::super::expression::Change;
use super::super::item::{number, text};
use super::super::key::Key;
use super::super::manifest;
use super::samples::{self, BATCH, at, content, held, hold, key, lease, posted, ready};
use super::{effect, fresh};
use crate::emulator;

/// A store in which effect 1 is sealed, and its manifest with that change made by hand.
async fn changed(
    endpoint: &str,
    by_hand: impl FnOnce(Change) -> Change,
) -> (DynamoStore, Manifest) {
    let store = fresh(endpoint).await;
    store.insert_effect(&ready(1), None).await.unwrap();
    let sealed = samples::manifest(&[ready(1)]);
    assert_eq!(store.seal_manifest(&sealed).await.unwrap(), Sealed::Stored);
    by(&store, by_hand(Change::of(Key::manifest(&sealed.id)))).await;
    let stands = store.manifest(&sealed.id).await.unwrap().unwrap();
    (store, stands)
}

async fn by(store: &DynamoStore, change: Change) {
    store.table().change(&change).await.unwrap();
}

async fn neither_committed_nor_aborted(store: &DynamoStore, stands: &Manifest) {
    let id = &stands.id;
    assert!(!store.commit_batch(id, BatchNumber(8)).await.unwrap().holds);
    let release = Release::Ready { seal_max: 1 };
    assert!(!store.abort_manifest(id, &release).await.unwrap().holds);
    assert_eq!(store.manifest(id).await.unwrap().as_ref(), Some(stands));
    assert_eq!(effect(store, 1).await.state, EffectState::Assigned);
}

#[tokio::test]
async fn a_manifest_that_moved_on_without_a_commit_is_neither_committed_nor_aborted() {
    let Some(endpoint) = emulator::endpoint("a_manifest_that_moved_on_without_a_commit") else {
        return;
    };
    let (store, stands) = changed(&endpoint, |head| head.set("st", text("FROZEN"))).await;
    neither_committed_nor_aborted(&store, &stands).await;
    assert!(!store.mark_posting(&stands.id, BATCH, at(1)).await.unwrap().holds);
    assert!(!store.finish_manifest(&stands.id, BATCH, &[posted(1)], at(1)).await.unwrap().holds);
}

#[tokio::test]
async fn a_sealed_manifest_with_a_commit_is_neither_committed_again_nor_aborted() {
    let Some(endpoint) = emulator::endpoint("a_sealed_manifest_with_a_commit") else { return };
    let commit = manifest::commit(Commit::Batch(BATCH));
    let (store, stands) = changed(&endpoint, |head| head.set("commit", commit)).await;
    neither_committed_nor_aborted(&store, &stands).await;
    assert!(store.mark_frozen(&stands.id, BATCH).await.unwrap().holds, "the commit is that batch");
    assert_eq!(store.manifest(&stands.id).await.unwrap(), Some(stands), "and it is not frozen");
}

#[tokio::test]
async fn an_effect_with_a_manifest_or_out_of_its_state_is_not_touched() {
    let Some(endpoint) = emulator::endpoint("an_effect_with_a_manifest_or_out_of_its_state") else {
        return;
    };
    let store = fresh(&endpoint).await;
    store.insert_effect(&ready(1), None).await.unwrap();
    store.insert_effect(&held(2, "x"), None).await.unwrap();
    let at_key = |transaction| Change::of(Key::effect(&key(transaction)));
    by(&store, at_key(1).set("man", text("other"))).await;
    by(&store, at_key(2).set("man", text("other"))).await;
    for state in ["READY", "POSTED", "ASSIGNED"] {
        by(&store, at_key(1).set("st", text(state))).await;
        let stands = effect(&store, 1).await;
        let refused = Changed::Refused(Box::new(stands.clone()));
        assert_eq!(store.hold_effect(&key(1), &hold("wait")).await.unwrap(), refused);
        assert_eq!(store.cancel_effect(&key(1)).await.unwrap(), refused);
        let sealed = samples::manifest(&[ready(1)]);
        assert_eq!(store.seal_manifest(&sealed).await.unwrap(), Sealed::Refused);
        assert_eq!(effect(&store, 1).await, stands);
        by(&store, at_key(1).remove("man")).await;
    }
    let decided =
        store.decide_effect(&key(2), 1, &Decision::Ready(Box::new(content(2))), None).await;
    assert_eq!(decided.unwrap(), Changed::Refused(Box::new(effect(&store, 2).await)));
}

#[tokio::test]
async fn an_effect_that_is_not_assigned_is_not_released() {
    let Some(endpoint) = emulator::endpoint("an_effect_that_is_not_assigned") else { return };
    for (state, owner) in [("CANCELLED", None), ("ASSIGNED", Some("other"))] {
        let (store, stands) = changed(&endpoint, |head| head.set("seen", number(1))).await;
        let change = Change::of(Key::effect(&key(1))).set("st", text(state));
        let change = owner.into_iter().fold(change, |change, id| change.set("man", text(id)));
        by(&store, change).await;
        let before = effect(&store, 1).await;
        let release = Release::Held(hold("no"));
        assert!(store.abort_manifest(&stands.id, &release).await.unwrap().holds);
        assert_eq!(effect(&store, 1).await, before);
    }
}

#[tokio::test]
async fn a_lease_is_not_taken_of_what_is_over() {
    let Some(endpoint) = emulator::endpoint("a_lease_is_not_taken_of_what_is_over") else { return };
    for state in ["POSTED", "PARTIAL", "ABORTED"] {
        let (store, stands) = changed(&endpoint, |head| head.set("st", text(state))).await;
        let leased = store.acquire_lease(&stands.id, &lease("a", 1)).await.unwrap();
        assert_eq!(leased, ledger::store::Leased::Nothing);
        let changed = store.manifest(&stands.id).await.unwrap();
        assert_eq!(changed, Some(stands));
    }
}
