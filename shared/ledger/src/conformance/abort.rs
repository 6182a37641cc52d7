//! Aborting: the other end a sealed manifest may come to.

use std::sync::Arc;

use domain::effect::{Effect, EffectState};
use domain::id::BatchNumber;
use domain::manifest::{Commit, ManifestState};

use super::Verdict;
use super::effects::{drawn, stored};
use super::manifests::sealed;
use super::samples::{at, ensure, hold, manifest, ready, same};
use crate::store::{EntryOutcome, Release, Sealed, Store};

pub(super) async fn suite<M: AsyncFn() -> Arc<dyn Store>>(make: &M) -> Verdict {
    releasing(&*make().await).await?;
    holding(&*make().await).await?;
    too_late(&*make().await).await?;
    missing(&*make().await).await
}

async fn releasing(store: &dyn Store) -> Verdict {
    let first = sealed(store, &[1, 2]).await?;
    let release = Release::Ready { seal_max: 1 };
    for pass in ["a sealed manifest is aborted", "its repeat"] {
        let aborted = store.abort_manifest(&first.id, &release).await?;
        ensure(aborted.holds, pass)?;
        same(&aborted.manifest.state, &ManifestState::Aborted, "ABORTED")?;
        same(&aborted.manifest.commit, &Some(Commit::Nothing), "no batch of it, ever")?;
        for transaction in [1, 2] {
            let freed = Effect { generation: 2, seal_max: 1, ..ready(transaction) };
            same(&stored(store, transaction).await?, &freed, "released once, READY again")?;
        }
    }
    let committed = store.commit_batch(&first.id, BatchNumber(7)).await?;
    ensure(!committed.holds, "an aborted manifest is not committed")?;
    same(&committed.manifest.commit, &Some(Commit::Nothing), "the abort is answered")?;

    let again = stored(store, 1).await?;
    let second = manifest(&[&again], 200)?;
    ensure(second.id != first.id, "the next manifest has another name")?;
    same(&store.seal_manifest(&second).await?, &Sealed::Stored, "a released effect is sealed")?;
    store.abort_manifest(&first.id, &release).await?;
    let owner = stored(store, 1).await?.manifest;
    same(&owner, &Some(second.id), "a late abort of the first does not release from the second")?;
    ensure(!drawn(store).await?.by_document.is_empty(), "released effects still draw down")
}

async fn holding(store: &dyn Store) -> Verdict {
    let sealed = sealed(store, &[1]).await?;
    let aborted = store.abort_manifest(&sealed.id, &Release::Held(hold("refused"))).await?;
    ensure(aborted.holds, "a sealed manifest is aborted")?;
    let expected =
        Effect { state: EffectState::Held, hold: Some(hold("refused")), generation: 2, ..ready(1) };
    same(&stored(store, 1).await?, &expected, "its effect is HELD for a person")?;
    ensure(drawn(store).await?.by_document.is_empty(), "a HELD effect draws nothing down")
}

async fn too_late(store: &dyn Store) -> Verdict {
    let sealed = sealed(store, &[1]).await?;
    store.commit_batch(&sealed.id, BatchNumber(7)).await?;
    let aborted = store.abort_manifest(&sealed.id, &Release::Ready { seal_max: 1 }).await?;
    ensure(!aborted.holds, "a committed manifest is not aborted")?;
    same(&aborted.manifest.committed_batch(), &Some(BatchNumber(7)), "the commit is answered")?;
    let effect = stored(store, 1).await?;
    same(&effect.state, &EffectState::Assigned, "and releases nothing")?;
    same(&effect.generation, &1, "at the same generation")
}

async fn missing(store: &dyn Store) -> Verdict {
    let id = "none".into();
    let batch = BatchNumber(7);
    let outcomes: [EntryOutcome; 0] = [];
    let failed = [
        store.commit_batch(&id, batch).await.is_err(),
        store.mark_frozen(&id, batch).await.is_err(),
        store.mark_posting(&id, batch, at(1)).await.is_err(),
        store.finish_manifest(&id, batch, &outcomes, at(1)).await.is_err(),
        store.abort_manifest(&id, &Release::Ready { seal_max: 1 }).await.is_err(),
    ];
    same(&failed, &[true; 5], "a manifest that is not there cannot be moved")?;
    same(&store.manifest(&id).await?, &None, "and is not made by trying")
}
