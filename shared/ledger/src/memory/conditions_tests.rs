//! Conditions on rows no operation writes: each half of a condition refuses by itself, so that one
//! wrong row does no harm.

use domain::effect::{Effect, EffectState};
use domain::exception::{Exception, ReasonCode};
use domain::id::BatchNumber;
use domain::manifest::{Commit, Manifest, ManifestState};

use super::manifests::{abort, commit_batch, finish};
use super::payments::{cancel_effect, hold_effect, insert_effect};
use super::registers::{close_exception, raise};
use super::state::State;
use super::tables::Tables;
use crate::conformance::samples::{at, guard, hold, key, manifest, ready};
use crate::store::{Changed, EntryOutcome, Release};

const BATCH: BatchNumber = BatchNumber(7);

fn with_manifest(change: impl FnOnce(&mut Manifest)) -> (State, Manifest) {
    let mut state = State::default();
    let mut manifest = manifest(&[&ready(1)], 100).unwrap();
    let assigned =
        Effect { state: EffectState::Assigned, manifest: Some(manifest.id.clone()), ..ready(1) };
    change(&mut manifest);
    state.put_manifest(&manifest).unwrap();
    state.put_effect(None, &assigned).unwrap();
    (state, manifest)
}

#[test]
fn a_manifest_that_moved_on_without_a_commit_is_neither_committed_nor_aborted() {
    let moved_on = |m: &mut Manifest| m.state = ManifestState::Frozen;
    let (mut state, manifest) = with_manifest(moved_on);
    assert!(!commit_batch(&mut state, &manifest.id, BATCH).unwrap().holds);
    let release = Release::Ready { seal_max: 1 };
    assert!(!abort(&mut state, &manifest.id, &release).unwrap().holds);
    assert_eq!(state.manifest(&manifest.id).unwrap(), Some(manifest));
}

#[test]
fn a_sealed_manifest_with_a_commit_is_neither_committed_again_nor_aborted() {
    let decided = |m: &mut Manifest| m.commit = Some(Commit::Batch(BATCH));
    let (mut state, manifest) = with_manifest(decided);
    assert!(!commit_batch(&mut state, &manifest.id, BatchNumber(8)).unwrap().holds);
    let release = Release::Ready { seal_max: 1 };
    assert!(!abort(&mut state, &manifest.id, &release).unwrap().holds);
    assert_eq!(state.manifest(&manifest.id).unwrap(), Some(manifest));
}

#[test]
fn an_effect_that_is_another_manifests_or_not_assigned_is_not_touched() {
    for stands in [
        Effect { state: EffectState::Assigned, manifest: Some("other".into()), ..ready(1) },
        Effect { state: EffectState::Cancelled, ..ready(1) },
    ] {
        let (mut state, manifest) = with_manifest(|_| {});
        state.put_effect(None, &stands).unwrap();
        abort(&mut state, &manifest.id, &Release::Ready { seal_max: 1 }).unwrap();
        assert_eq!(state.effect(&key(1)).unwrap().as_ref(), Some(&stands), "aborted");

        let (mut state, manifest) = with_manifest(|m| m.commit = Some(Commit::Batch(BATCH)));
        let named = Effect { manifest: Some(manifest.id.clone()), ..stands.clone() };
        let stands = if stands.manifest.is_some() { stands } else { named };
        state.put_effect(None, &stands).unwrap();
        let outcomes = [EntryOutcome::Released(hold("no"))];
        finish(&mut state, &manifest.id, BATCH, &outcomes, at(50)).unwrap();
        assert_eq!(state.effect(&key(1)).unwrap().as_ref(), Some(&stands), "finished");
    }
}

#[test]
fn an_effect_with_a_manifest_or_out_of_its_state_is_neither_held_nor_cancelled() {
    for stands in [
        Effect { manifest: Some("other".into()), ..ready(1) },
        Effect { state: EffectState::Posted, ..ready(1) },
        Effect { state: EffectState::Assigned, ..ready(1) },
    ] {
        let mut state = State::default();
        state.put_effect(None, &stands).unwrap();
        let refused = Changed::Refused(Box::new(stands.clone()));
        assert_eq!(hold_effect(&mut state, &key(1), &hold("wait")).unwrap(), refused);
        assert_eq!(cancel_effect(&mut state, &key(1)).unwrap(), refused);
        assert_eq!(state.effect(&key(1)).unwrap(), Some(stands));
    }
}

#[test]
fn a_guarded_insert_raises_the_version_once() {
    let mut state = State::default();
    insert_effect(&mut state, &ready(1), Some(&guard(0))).unwrap();
    assert_eq!(state.version(&"SAMLTD".into(), &"1200".into()).unwrap(), 1);
}

#[test]
fn an_exception_stays_closed_when_it_first_was() {
    let mut state = State::default();
    let told = Exception::new(ReasonCode::PeriodLocked, "100", "February is locked", at(1));
    raise(&mut state, &told).unwrap();
    close_exception(&mut state, &told.id, at(2)).unwrap();
    close_exception(&mut state, &told.id, at(3)).unwrap();
    let closed = state.exception(&told.id).unwrap().and_then(|exception| exception.closed);
    assert_eq!(closed, Some(at(2)));
}
