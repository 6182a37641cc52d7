//! The steps that move a manifest and its effects together: seal, abort, finish. Each is one
//! transaction of the head and at most 99 effects.

use std::collections::BTreeSet;

use domain::canon::Canon;
use domain::effect::EffectKey;
use domain::id::{BatchNumber, ManifestId};
use domain::manifest::{Commit, Manifest, ManifestState};
use jiff::Timestamp;
use ledger::memory::tables::{Fallible, Misuse};
use ledger::store::{EntryOutcome, Release, Sealed, Transition};

use super::effect;
use super::expression::{Change, Condition, Write};
use super::index::STATE;
use super::item::{text, word};
use super::key::Key;
use super::manifest::{self, Head, head, head_of, in_state};
use super::manifests::Manifests;
use super::table::{TRANSACTION_ITEMS_MAX, Transacted};

/// Characters in the token of a transaction, at most. [DynamoDB]
const TOKEN_MAX: usize = 36;

impl Manifests {
    /// T4. What is sealed is written first, then the head with its effects: all or nothing.
    pub async fn seal(&self, manifest: &Manifest) -> Fallible<Sealed> {
        let distinct: BTreeSet<&EffectKey> = manifest.entries.iter().map(|e| &e.effect).collect();
        if distinct.len() != manifest.entries.len() {
            return Ok(Sealed::Refused);
        }
        let mut writes = vec![Write::Put(manifest::head_put(manifest)?)];
        for entry in &manifest.entries {
            let sealed = effect::sealed(&entry.effect, entry.generation, &manifest.id)?;
            writes.push(Write::Change(sealed));
        }
        self.table.put(&manifest::sealed_put(manifest)?).await?;
        match self.table.transact(&writes, Some(self.token(manifest))).await? {
            Transacted::Done => Ok(Sealed::Stored),
            Transacted::Refused(refused) => {
                let stored = refused.first().is_some_and(Option::is_some);
                Ok(if stored { Sealed::Stored } else { Sealed::Refused })
            }
        }
    }

    /// T9.
    pub async fn abort(&self, id: &ManifestId, release: &Release) -> Fallible<Transition> {
        let stands = self.head(id).await?;
        let holds = |stands: &Head| stands.commit == Some(Commit::Nothing);
        if !stands.is_undecided() {
            return self.transition(stands, holds).await;
        }
        let mut effects = Vec::new();
        for entry in self.whole(stands.clone()).await?.entries {
            effects.push(match release {
                Release::Ready { seal_max } => {
                    effect::released_ready(&entry.effect, id, *seal_max)?
                }
                Release::Held(hold) => effect::released_held(&entry.effect, id, hold)?,
            });
        }
        let aborted = text(&word(&ManifestState::Aborted)?);
        let change = Change::of(Key::manifest(id))
            .require(in_state(&[ManifestState::Sealed])?)
            .require(Condition::absent("commit"))
            .set("commit", manifest::commit(Commit::Nothing))
            .set("st", aborted);
        let stands = self.end(stands, &change, effects, Head::is_undecided).await?;
        self.transition(stands, holds).await
    }

    /// T12, T13.
    pub async fn finish(
        &self,
        id: &ManifestId,
        batch: BatchNumber,
        outcomes: &[EntryOutcome],
        now: Timestamp,
    ) -> Fallible<Transition> {
        let stands = self.head(id).await?;
        let sealed = self.whole(stands.clone()).await?;
        let (entries, given) = (sealed.entries.len(), outcomes.len());
        if entries != given {
            return Err(Misuse::Outcomes { id: id.clone(), entries, outcomes: given }.into());
        }
        let partial = outcomes.iter().any(|o| matches!(o, EntryOutcome::Released(_)));
        let finished = if partial { ManifestState::Partial } else { ManifestState::Posted };
        let ours = |stands: &Head| stands.committed_batch() == Some(batch);
        let holds = |stands: &Head| ours(stands) && stands.state == finished;
        let unfinished = |stands: &Head| ours(stands) && !stands.state.is_final();
        if !unfinished(&stands) {
            return self.transition(stands, holds).await;
        }
        let mut effects = Vec::new();
        for (entry, outcome) in sealed.entries.iter().zip(outcomes) {
            effects.push(match outcome {
                EntryOutcome::Posted(posted) => effect::posted(&entry.effect, id, posted, now)?,
                EntryOutcome::Released(hold) => effect::released_held(&entry.effect, id, hold)?,
            });
        }
        let change = Change::of(Key::manifest(id))
            .require(in_state(&manifest::UNFINISHED)?)
            .require(Condition::is("commit", manifest::commit(Commit::Batch(batch))))
            .set("st", text(&word(&finished)?));
        let stands = self.end(stands, &change, effects, unfinished).await?;
        self.transition(stands, holds).await
    }

    /// Writes the end of a manifest with what becomes of its effects, and answers the head as it
    /// stands. An effect that is not this manifest's (any more) is left alone. `applies` says
    /// whether the end may still be written.
    async fn end(
        &self,
        mut stands: Head,
        change: &Change,
        mut effects: Vec<Change>,
        applies: impl Fn(&Head) -> bool,
    ) -> Fallible<Head> {
        // Each turn but the last leaves an effect out, or follows a hold that came or went.
        for _ in 0..TRANSACTION_ITEMS_MAX {
            let mut writes = vec![Write::Change(unlisted(change.clone(), &stands))];
            writes.extend(effects.iter().cloned().map(Write::Change));
            let refused = match self.table.transact(&writes, None).await? {
                Transacted::Done => return self.head(&stands.id).await,
                Transacted::Refused(refused) => refused,
            };
            let mut refused = refused.into_iter();
            if let Some(found) = refused.next().flatten() {
                let id = stands.id;
                stands = match found {
                    Some(item) => head_of(&item)?,
                    None => self.head(&id).await?,
                };
                if !applies(&stands) {
                    return Ok(stands);
                }
            }
            let mut left = refused.map(|found| found.is_none());
            effects.retain(|_| left.next().unwrap_or(true));
        }
        Err(format!("manifest {} changed each time its end was written", stands.id).into())
    }

    async fn head(&self, id: &ManifestId) -> Fallible<Head> {
        head(self.table.get(&Key::manifest(id)).await?, id)
    }

    /// Of the manifest's id; and of the table and the time, because a token that comes again with
    /// another request is an error, and two workers may seal the same at different times.
    fn token(&self, manifest: &Manifest) -> String {
        let canon = Canon::default().text(self.table.name()).text(manifest.id.as_str());
        let canon = canon.text(&manifest.sealed_at.to_string());
        canon.hex().chars().take(TOKEN_MAX).collect()
    }
}

/// Off the list of open manifests; one that is held stays on that list.
fn unlisted(change: Change, stands: &Head) -> Change {
    if stands.hold.is_some() {
        change.require(Condition::present("hold"))
    } else {
        change.require(Condition::absent("hold")).remove(STATE)
    }
}
