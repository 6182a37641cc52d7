//! Manifests from seal to commit: seals, leases, attempts, the one commit.

use std::sync::Arc;

use domain::effect::{Effect, EffectState};
use domain::id::BatchNumber;
use domain::manifest::{Attempt, AttemptOutcome, Commit, Manifest, ManifestState};

use super::effects::stored;
use super::samples::{at, ensure, held, hold, key, lease, manifest, ready, same};
use super::{Verdict, Violation};
use crate::store::{Leased, Sealed, Store};

pub(super) async fn suite<M: AsyncFn() -> Arc<dyn Store>>(make: &M) -> Verdict {
    sealing(&*make().await).await?;
    refusing(&*make().await).await?;
    leasing(&*make().await).await?;
    attempting(&*make().await).await?;
    closing(&*make().await).await?;
    committing(&*make().await).await?;
    listing(&*make().await).await
}

/// Inserts and seals READY effects in one manifest.
pub(super) async fn sealed(store: &dyn Store, transactions: &[u32]) -> Result<Manifest, Violation> {
    let effects: Vec<Effect> = transactions.iter().map(|t| ready(*t)).collect();
    for effect in &effects {
        store.insert_effect(effect, None).await?;
    }
    let manifest = manifest(&effects.iter().collect::<Vec<_>>(), 100)?;
    same(&store.seal_manifest(&manifest).await?, &Sealed::Stored, "READY effects are sealed")?;
    Ok(manifest)
}

/// Takes the lease and answers the epoch.
pub(super) async fn leased(
    store: &dyn Store,
    manifest: &Manifest,
    owner: &str,
    now: i64,
) -> Result<u64, Violation> {
    match store.acquire_lease(&manifest.id, &lease(owner, now, now + 60)).await? {
        Leased::Ours(manifest) => Ok(manifest.epoch),
        other @ (Leased::Busy | Leased::Nothing) => {
            Err(Violation(format!("{owner} could take the lease, but the answer is {other:?}")))
        }
    }
}

async fn sealing(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1, 2]).await?;
    same(&store.manifest(&manifest.id).await?.as_ref(), &Some(&manifest), "stored as sealed")?;
    let assigned =
        Effect { state: EffectState::Assigned, manifest: Some(manifest.id.clone()), ..ready(1) };
    same(&stored(store, 1).await?, &assigned, "its effects are ASSIGNED to it")?;
    same(&store.seal_manifest(&manifest).await?, &Sealed::Stored, "the repeat is as the first")?;
    store.commit_batch(&manifest.id, BatchNumber(7)).await?;
    same(&store.seal_manifest(&manifest).await?, &Sealed::Stored, "also after it moved on")?;
    let found = store.manifest(&manifest.id).await?.and_then(|m| m.commit);
    same(&found, &Some(Commit::Batch(BatchNumber(7))), "and does not write it again")
}

async fn refusing(store: &dyn Store) -> Verdict {
    let first = sealed(store, &[1]).await?;
    store.insert_effect(&ready(2), None).await?;
    store.insert_effect(&held(4), None).await?;
    let regenerated = Effect { generation: 2, ..ready(2) };
    let unfit = [
        ("an ASSIGNED effect", manifest(&[&ready(2), &ready(1)], 5)?),
        ("a missing effect", manifest(&[&ready(2), &ready(9)], 5)?),
        ("a HELD effect", manifest(&[&ready(2), &ready(4)], 5)?),
        ("another generation", manifest(&[&regenerated], 5)?),
        ("an effect twice", manifest(&[&ready(2), &ready(2)], 5)?),
    ];
    for (what, manifest) in unfit {
        same(&store.seal_manifest(&manifest).await?, &Sealed::Refused, what)?;
        same(&store.manifest(&manifest.id).await?, &None, "a refused manifest is not stored")?;
        same(&stored(store, 2).await?, &ready(2), "a refused seal assigns nothing")?;
    }
    let owner = stored(store, 1).await?.manifest;
    same(&owner, &Some(first.id), "the effect stays with the first manifest")
}

async fn leasing(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1]).await?;
    same(&leased(store, &manifest, "a", 10).await?, &1, "the first lease is epoch 1")?;
    let id = &manifest.id;
    let busy = store.acquire_lease(id, &lease("b", 20, 90)).await?;
    same(&busy, &Leased::Busy, "somebody else's lease stands")?;
    same(&leased(store, &manifest, "a", 30).await?, &2, "the owner takes it again, an epoch on")?;
    let busy = store.acquire_lease(id, &lease("b", 90, 99)).await?;
    same(&busy, &Leased::Busy, "a lease stands to its end")?;
    same(&leased(store, &manifest, "b", 91).await?, &3, "a lease that is over is taken")?;
    let now = store.manifest(id).await?.ok_or("a manifest is never lost")?;
    same(&now.owner.as_deref(), &Some("b"), "the owner is noted")?;
    same(&now.lease_until, &Some(at(151)), "with the end of the lease")?;

    store.hold_manifest(id, Some(&hold("look"))).await?;
    let held = store.acquire_lease(id, &lease("b", 92, 99)).await?;
    same(&held, &Leased::Nothing, "a manifest held for a person is not leased")?;
    store.hold_manifest(id, None).await?;
    same(&leased(store, &manifest, "b", 93).await?, &4, "let go, it is leased again")?;
    store.abort_manifest(id, &crate::store::Release::Held(hold("no"))).await?;
    let done = store.acquire_lease(id, &lease("b", 94, 99)).await?;
    same(&done, &Leased::Nothing, "a final manifest is not leased")?;
    let none = store.acquire_lease(&"none".into(), &lease("b", 94, 99)).await?;
    same(&none, &Leased::Nothing, "nor is a missing one")
}

async fn attempting(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1]).await?;
    let id = &manifest.id;
    let early = store.record_attempt(id, 1, at(10), at(500)).await?;
    ensure(!early.holds && early.manifest.attempts.is_empty(), "no attempt before its epoch")?;
    let epoch = leased(store, &manifest, "a", 10).await?;
    for pass in ["an attempt of the epoch is recorded", "and so is its repeat"] {
        let attempt = store.record_attempt(id, epoch, at(11), at(500)).await?;
        ensure(attempt.holds, pass)?;
        same(&attempt.manifest.attempts.get(&epoch), &Some(&open(11)), "with its time, open")?;
        same(&attempt.manifest.strays_until, &Some(at(500)), "strays are looked for from then")?;
    }
    let second = store.record_attempt(id, epoch, at(12), at(600)).await?;
    ensure(!second.holds, "an epoch has one attempt")?;
    same(&second.manifest.attempts.get(&epoch), &Some(&open(11)), "the first stays")?;
    let next = leased(store, &manifest, "a", 20).await?;
    let past = store.record_attempt(id, epoch, at(11), at(500)).await?;
    ensure(!past.holds, "a past epoch has no attempt any more")?;
    ensure(store.record_attempt(id, next, at(21), at(700)).await?.holds, "a new epoch has")?;
    store.commit_batch(id, BatchNumber(7)).await?;
    let last = leased(store, &manifest, "a", 30).await?;
    let late = store.record_attempt(id, last, at(31), at(800)).await?;
    ensure(!late.holds, "a committed manifest has no attempt")?;
    same(&late.manifest.attempts.len(), &2, "and none is written")
}

async fn closing(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1]).await?;
    let id = &manifest.id;
    let none = store.close_attempt(id, 1, AttemptOutcome::Closed).await?;
    ensure(!none.holds, "an attempt that is not there is not closed")?;
    let first = leased(store, &manifest, "a", 10).await?;
    store.record_attempt(id, first, at(11), at(500)).await?;
    let open = store.close_attempt(id, first, AttemptOutcome::Open).await?;
    ensure(open.holds, "an open attempt may be noted as open")?;
    same(&open.manifest.strays_until, &Some(at(500)), "its strays are still looked for")?;
    for pass in ["an attempt is closed", "its repeat"] {
        let closed = store.close_attempt(id, first, AttemptOutcome::Closed).await?;
        ensure(closed.holds, pass)?;
        same(&closed.manifest.strays_until, &None, "the only attempt closed leaves no stray")?;
    }
    let reopened = store.close_attempt(id, first, AttemptOutcome::Open).await?;
    let outcome = reopened.manifest.attempts.get(&first).map(|attempt| attempt.outcome);
    same(&outcome, &Some(AttemptOutcome::Closed), "a closed attempt stays closed")?;
    let second = leased(store, &manifest, "a", 20).await?;
    store.record_attempt(id, second, at(21), at(600)).await?;
    let closed = store.close_attempt(id, second, AttemptOutcome::Closed).await?;
    ensure(closed.holds, "a second attempt is closed")?;
    same(&closed.manifest.strays_until, &Some(at(600)), "after two attempts strays stay possible")
}

async fn committing(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1]).await?;
    let id = &manifest.id;
    let frozen = store.mark_frozen(id, BatchNumber(7)).await?;
    ensure(!frozen.holds, "nothing is frozen before the commit")?;
    for pass in ["the first commit holds", "its repeat holds"] {
        let committed = store.commit_batch(id, BatchNumber(7)).await?;
        ensure(committed.holds, pass)?;
        same(&committed.manifest.state, &ManifestState::Committed, "COMMITTED")?;
    }
    let other = store.commit_batch(id, BatchNumber(8)).await?;
    ensure(!other.holds, "another batch is never committed")?;
    same(&other.manifest.committed_batch(), &Some(BatchNumber(7)), "the winner is answered")?;
    let wrong = store.mark_frozen(id, BatchNumber(8)).await?;
    ensure(!wrong.holds, "another batch is never frozen")?;
    same(&wrong.manifest.state, &ManifestState::Committed, "and changes nothing")?;
    let soon = store.mark_posting(id, BatchNumber(7), at(19)).await?;
    ensure(!soon.holds, "posting waits for the freeze")?;
    for pass in ["the committed batch is frozen", "its repeat"] {
        let frozen = store.mark_frozen(id, BatchNumber(7)).await?;
        ensure(frozen.holds, pass)?;
        same(&frozen.manifest.state, &ManifestState::Frozen, "FROZEN")?;
    }
    let wrong = store.mark_posting(id, BatchNumber(8), at(19)).await?;
    ensure(!wrong.holds, "another batch is never posted")?;
    same(&wrong.manifest.state, &ManifestState::Frozen, "and changes nothing")?;
    for now in [20, 30] {
        let posting = store.mark_posting(id, BatchNumber(7), at(now)).await?;
        ensure(posting.holds, "a frozen batch may be posting, again and again")?;
        same(&posting.manifest.state, &ManifestState::Posting, "POSTING")?;
        same(&posting.manifest.posting_since, &Some(at(20)), "since the first time")?;
    }
    let frozen = store.mark_frozen(id, BatchNumber(7)).await?;
    ensure(frozen.holds, "past frozen is frozen")?;
    same(&frozen.manifest.state, &ManifestState::Posting, "and stays where it is")?;
    ensure(store.commit_batch(id, BatchNumber(7)).await?.holds, "past committed is committed")
}

async fn listing(store: &dyn Store) -> Verdict {
    let company = "SAMLTD".into();
    let mut ids = Vec::new();
    for (transaction, now) in [(1, 30), (2, 10), (3, 20)] {
        store.insert_effect(&ready(transaction), None).await?;
        let manifest = manifest(&[&ready(transaction)], now)?;
        store.seal_manifest(&manifest).await?;
        ids.push(manifest);
    }
    let [late, old, middle] = ids.as_slice() else { return Err("three were sealed".into()) };
    let open = store.open_manifests(&company, 9).await?;
    let expected = vec![old.id.clone(), middle.id.clone(), late.id.clone()];
    same(&open, &expected, "open manifests, oldest first")?;
    let open = store.open_manifests(&company, 1).await?;
    same(&open, &vec![old.id.clone()], "the limit keeps the oldest")?;
    ensure(store.open_manifests(&"OTHER".into(), 9).await?.is_empty(), "of the company only")?;

    store.hold_manifest(&old.id, Some(&hold("look"))).await?;
    let open = store.open_manifests(&company, 9).await?;
    same(&open, &vec![middle.id.clone(), late.id.clone()], "a held one is not open")?;
    let held = store.held_manifests(9).await?;
    let expected = Manifest { hold: Some(hold("look")), ..old.clone() };
    same(&held, &vec![expected], "it is held, its state unchanged")?;
    store.hold_manifest(&old.id, None).await?;
    ensure(store.held_manifests(9).await?.is_empty(), "let go, it is not held")?;

    let epoch = leased(store, late, "a", 40).await?;
    store.record_attempt(&late.id, epoch, at(41), at(500)).await?;
    let strays = store.manifests_with_strays(&company, at(500)).await?;
    same(&strays, &vec![late.id.clone()], "strays are looked for up to and at the time")?;
    let over = store.manifests_with_strays(&company, at(501)).await?;
    ensure(over.is_empty(), "and no longer")?;
    let other = store.manifests_with_strays(&"OTHER".into(), at(400)).await?;
    ensure(other.is_empty(), "of the company only")?;
    store.abort_manifest(&late.id, &crate::store::Release::Ready { seal_max: 1 }).await?;
    let open = store.open_manifests(&company, 9).await?;
    same(&open, &vec![old.id.clone(), middle.id.clone()], "a final one is not open")?;
    let strays = store.manifests_with_strays(&company, at(500)).await?;
    same(&strays, &vec![late.id.clone()], "a final one may still have strays")?;
    ensure(stored(store, 1).await?.key == key(1), "nothing is lost")
}

fn open(seconds: i64) -> Attempt {
    Attempt { at: at(seconds), outcome: AttemptOutcome::Open }
}
