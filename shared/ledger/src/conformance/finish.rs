//! Finishing: what was posted, what was not, and that nothing is lost between.

use std::sync::Arc;

use domain::effect::{Effect, EffectState, PostedAs};
use domain::id::BatchNumber;
use domain::manifest::{Manifest, ManifestState};

use super::Verdict;
use super::effects::{drawn, stored};
use super::manifests::sealed;
use super::samples::{at, ensure, hold, ready, same};
use crate::store::{EntryOutcome, Store};

const BATCH: BatchNumber = BatchNumber(7);

pub(super) async fn suite<M: AsyncFn() -> Arc<dyn Store>>(make: &M) -> Verdict {
    posting(&*make().await).await?;
    partly(&*make().await).await?;
    refusing(&*make().await).await?;
    conserving(&*make().await).await
}

async fn posting(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1, 2]).await?;
    store.commit_batch(&manifest.id, BATCH).await?;
    let outcomes = [posted(1), posted(2)];
    for now in [50, 60] {
        let done = store.finish_manifest(&manifest.id, BATCH, &outcomes, at(now)).await?;
        ensure(done.holds, "a committed manifest is finished, and again")?;
        same(&done.manifest.state, &ManifestState::Posted, "POSTED")?;
        let effect = stored(store, 2).await?;
        same(&effect, &posted_effect(&manifest, 2), "its effects are POSTED, the first time")?;
    }
    let other = [posted(1), EntryOutcome::Released(hold("late"))];
    let late = store.finish_manifest(&manifest.id, BATCH, &other, at(70)).await?;
    ensure(!late.holds, "another end than the one it came to does not hold")?;
    same(&late.manifest.state, &ManifestState::Posted, "it stays at its end")?;
    same(&stored(store, 2).await?, &posted_effect(&manifest, 2), "and so do its effects")?;
    let wrong = store.finish_manifest(&manifest.id, BatchNumber(8), &outcomes, at(70)).await?;
    ensure(!wrong.holds, "nor does its end in another batch")?;
    ensure(drawn(store).await?.by_document.is_empty(), "POSTED effects draw nothing down")?;
    ensure(store.mark_frozen(&manifest.id, BATCH).await?.holds, "past frozen is frozen")?;
    let state = store.manifest(&manifest.id).await?.map(|m| m.state);
    same(&state, &Some(ManifestState::Posted), "a finished manifest stays finished")?;
    let open = store.open_manifests(&manifest.group.company, 9).await?;
    ensure(open.is_empty(), "a finished manifest is not open")
}

async fn partly(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1, 2, 3]).await?;
    store.commit_batch(&manifest.id, BATCH).await?;
    store.mark_frozen(&manifest.id, BATCH).await?;
    store.mark_posting(&manifest.id, BATCH, at(40)).await?;
    let outcomes = [posted(1), EntryOutcome::Released(hold("locked period")), posted(3)];
    for now in [50, 60] {
        let done = store.finish_manifest(&manifest.id, BATCH, &outcomes, at(now)).await?;
        ensure(done.holds, "a posting manifest is finished in parts, and again")?;
        same(&done.manifest.state, &ManifestState::Partial, "PARTIAL")?;
        let freed = Effect {
            state: EffectState::Held,
            hold: Some(hold("locked period")),
            generation: 2,
            ..ready(2)
        };
        same(&stored(store, 2).await?, &freed, "the released one is HELD, released once")?;
        same(&stored(store, 1).await?, &posted_effect(&manifest, 1), "the first is POSTED")?;
        same(&stored(store, 3).await?, &posted_effect(&manifest, 3), "the third is POSTED")?;
    }
    Ok(())
}

async fn refusing(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1]).await?;
    let outcomes = [posted(1)];
    let early = store.finish_manifest(&manifest.id, BATCH, &outcomes, at(50)).await?;
    ensure(!early.holds, "nothing is finished before the commit")?;
    store.commit_batch(&manifest.id, BATCH).await?;
    let wrong = store.finish_manifest(&manifest.id, BatchNumber(8), &outcomes, at(50)).await?;
    ensure(!wrong.holds, "another batch finishes nothing")?;
    let short = store.finish_manifest(&manifest.id, BATCH, &[], at(50)).await;
    ensure(short.is_err(), "one outcome per entry is asked for")?;
    let state = store.manifest(&manifest.id).await?.map(|m| m.state);
    same(&state, &Some(ManifestState::Committed), "and the manifest is as it was")?;
    let effect = stored(store, 1).await?;
    same(&effect.state, &EffectState::Assigned, "and so is its effect")
}

/// Count and amount over all states stay what was put in, whatever happens.
async fn conserving(store: &dyn Store) -> Verdict {
    let manifest = sealed(store, &[1, 2, 3]).await?;
    conserved(store).await?;
    store.commit_batch(&manifest.id, BATCH).await?;
    let outcomes = [posted(1), EntryOutcome::Released(hold("locked period")), posted(3)];
    store.finish_manifest(&manifest.id, BATCH, &outcomes, at(50)).await?;
    conserved(store).await?;
    let key = stored(store, 2).await?.key;
    store.cancel_effect(&key).await?;
    conserved(store).await?;
    let rows = store.totals().await?.rows;
    let states: Vec<_> = rows.iter().map(|row| (row.state, row.count)).collect();
    let expected = vec![(EffectState::Posted, 2), (EffectState::Cancelled, 1)];
    same(&states, &expected, "totals are by state; a state without effects has no row")
}

async fn conserved(store: &dyn Store) -> Verdict {
    let rows = store.totals().await?.rows;
    let count: u64 = rows.iter().map(|row| row.count).sum();
    let minor: i64 = rows.iter().map(|row| row.amount.minor).sum();
    same(&(count, minor), &(3, 3_000), "no effect and no amount is lost or doubled")
}

fn posted(transaction: u32) -> EntryOutcome {
    EntryOutcome::Posted(posted_as(transaction))
}

fn posted_as(transaction: u32) -> PostedAs {
    let document = format!("PY{transaction}");
    PostedAs { batch: BATCH, entry: i64::from(transaction), document }
}

fn posted_effect(manifest: &Manifest, transaction: u32) -> Effect {
    Effect {
        state: EffectState::Posted,
        manifest: Some(manifest.id.clone()),
        posted: Some(posted_as(transaction)),
        posted_at: Some(at(50)),
        ..ready(transaction)
    }
}
