//! The operations on manifests, with their conditions. See the posting protocol, T4 to T13.

use std::collections::BTreeSet;

use domain::effect::{Effect, EffectState, Hold};
use domain::id::{BatchNumber, ManifestId};
use domain::manifest::{Attempt, AttemptOutcome, Commit, Entry, Manifest, ManifestState};
use jiff::Timestamp;

use super::payments::replace;
use super::tables::{Fallible, Misuse, Tables};
use crate::store::{EntryOutcome, Lease, Leased, Release, Sealed, Transition};

/// # Errors
/// When a row cannot be read or written.
pub fn seal(tables: &mut dyn Tables, manifest: &Manifest) -> Fallible<Sealed> {
    if tables.manifest(&manifest.id)?.is_some() {
        return Ok(Sealed::Stored);
    }
    let Some(effects) = sealable(tables, &manifest.entries)? else { return Ok(Sealed::Refused) };
    tables.put_manifest(manifest)?;
    for old in effects {
        let assigned = Effect {
            state: EffectState::Assigned,
            manifest: Some(manifest.id.clone()),
            ..old.clone()
        };
        tables.put_effect(Some(&old), &assigned)?;
    }
    Ok(Sealed::Stored)
}

/// # Errors
/// When a row cannot be read or written.
pub fn acquire_lease(tables: &mut dyn Tables, id: &ManifestId, lease: &Lease) -> Fallible<Leased> {
    let Some(mut manifest) = tables.manifest(id)? else { return Ok(Leased::Nothing) };
    if manifest.state.is_final() || manifest.hold.is_some() {
        return Ok(Leased::Nothing);
    }
    let held = manifest.owner.as_deref().zip(manifest.lease_until);
    if held.is_some_and(|(owner, until)| !is_free(owner, until, lease)) {
        return Ok(Leased::Busy);
    }
    manifest.owner = Some(lease.owner.clone());
    manifest.lease_until = Some(lease.until);
    manifest.epoch = manifest.epoch.saturating_add(1);
    tables.put_manifest(&manifest)?;
    Ok(Leased::Ours(Box::new(manifest)))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn record_attempt(
    tables: &mut dyn Tables,
    id: &ManifestId,
    epoch: u64,
    now: Timestamp,
    strays_until: Timestamp,
) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    let attempt = Attempt { at: now, outcome: AttemptOutcome::Open };
    let current = manifest.epoch == epoch && manifest.commit.is_none();
    let known = manifest.attempts.get(&epoch).cloned();
    if current && known.is_none() {
        manifest.attempts.insert(epoch, attempt.clone());
        manifest.strays_until = Some(strays_until);
        tables.put_manifest(&manifest)?;
    }
    let holds = current && known.is_none_or(|stands| stands == attempt);
    Ok(transition(manifest, holds))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn close_attempt(
    tables: &mut dyn Tables,
    id: &ManifestId,
    epoch: u64,
    outcome: AttemptOutcome,
) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    let before = manifest.clone();
    let Some(attempt) = manifest.attempts.get_mut(&epoch) else {
        return Ok(transition(manifest, false));
    };
    if attempt.outcome == AttemptOutcome::Open {
        attempt.outcome = outcome;
    }
    let holds = attempt.outcome == outcome;
    let open = manifest.attempts.values().any(|a| a.outcome == AttemptOutcome::Open);
    if !open && manifest.attempts.len() <= 1 {
        manifest.strays_until = None;
    }
    if manifest != before {
        tables.put_manifest(&manifest)?;
    }
    Ok(transition(manifest, holds))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn commit_batch(
    tables: &mut dyn Tables,
    id: &ManifestId,
    batch: BatchNumber,
) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    if manifest.commit.is_none() && manifest.state == ManifestState::Sealed {
        manifest.commit = Some(Commit::Batch(batch));
        manifest.state = ManifestState::Committed;
        tables.put_manifest(&manifest)?;
    }
    let holds = manifest.committed_batch() == Some(batch);
    Ok(transition(manifest, holds))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn abort(tables: &mut dyn Tables, id: &ManifestId, release: &Release) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    if manifest.commit.is_none() && manifest.state == ManifestState::Sealed {
        manifest.commit = Some(Commit::Nothing);
        manifest.state = ManifestState::Aborted;
        tables.put_manifest(&manifest)?;
        for entry in &manifest.entries {
            if let Some(old) = assigned(tables, entry, id)? {
                replace(tables, &old, &released(&old, release))?;
            }
        }
    }
    let holds = manifest.commit == Some(Commit::Nothing);
    Ok(transition(manifest, holds))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn mark_frozen(
    tables: &mut dyn Tables,
    id: &ManifestId,
    batch: BatchNumber,
) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    let ours = manifest.committed_batch() == Some(batch);
    if ours && manifest.state == ManifestState::Committed {
        manifest.state = ManifestState::Frozen;
        tables.put_manifest(&manifest)?;
    }
    Ok(transition(manifest, ours))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn mark_posting(
    tables: &mut dyn Tables,
    id: &ManifestId,
    batch: BatchNumber,
    now: Timestamp,
) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    let ours = manifest.committed_batch() == Some(batch);
    let ready = matches!(manifest.state, ManifestState::Frozen | ManifestState::Posting);
    let holds = ours && ready;
    if holds && manifest.state == ManifestState::Frozen {
        manifest.state = ManifestState::Posting;
        manifest.posting_since.get_or_insert(now);
        tables.put_manifest(&manifest)?;
    }
    Ok(transition(manifest, holds))
}

/// # Errors
/// When there is no such manifest, the outcomes are not one per entry, or a row cannot be read or
/// written.
pub fn finish(
    tables: &mut dyn Tables,
    id: &ManifestId,
    batch: BatchNumber,
    outcomes: &[EntryOutcome],
    now: Timestamp,
) -> Fallible<Transition> {
    let mut manifest = stored(tables, id)?;
    let (entries, given) = (manifest.entries.len(), outcomes.len());
    if entries != given {
        return Err(Misuse::Outcomes { id: id.clone(), entries, outcomes: given }.into());
    }
    let partial = outcomes.iter().any(|outcome| matches!(outcome, EntryOutcome::Released(_)));
    let finished = if partial { ManifestState::Partial } else { ManifestState::Posted };
    let ours = manifest.committed_batch() == Some(batch);
    if ours && !manifest.state.is_final() {
        manifest.state = finished;
        tables.put_manifest(&manifest)?;
        for (entry, outcome) in manifest.entries.iter().zip(outcomes) {
            if let Some(old) = assigned(tables, entry, id)? {
                replace(tables, &old, &settled(&old, outcome, now))?;
            }
        }
    }
    let holds = ours && manifest.state == finished;
    Ok(transition(manifest, holds))
}

/// # Errors
/// When there is no such manifest, or a row cannot be read or written.
pub fn hold(tables: &mut dyn Tables, id: &ManifestId, hold: Option<&Hold>) -> Fallible<()> {
    let manifest = stored(tables, id)?;
    tables.put_manifest(&Manifest { hold: hold.cloned(), ..manifest })
}

/// Whether a lease kept by `owner` until `until` may be taken over.
pub(super) fn is_free(owner: &str, until: Timestamp, lease: &Lease) -> bool {
    owner == lease.owner || until < lease.now
}

/// The effects of the entries, if every one may be sealed.
fn sealable(tables: &dyn Tables, entries: &[Entry]) -> Fallible<Option<Vec<Effect>>> {
    let mut named = BTreeSet::new();
    let mut effects = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(effect) = tables.effect(&entry.effect)? else { return Ok(None) };
        let free = effect.state == EffectState::Ready && effect.manifest.is_none();
        if !free || effect.generation != entry.generation || !named.insert(&entry.effect) {
            return Ok(None);
        }
        effects.push(effect);
    }
    Ok(Some(effects))
}

fn stored(tables: &dyn Tables, id: &ManifestId) -> Fallible<Manifest> {
    tables.manifest(id)?.ok_or_else(|| Misuse::NoManifest(id.clone()).into())
}

fn assigned(tables: &dyn Tables, entry: &Entry, id: &ManifestId) -> Fallible<Option<Effect>> {
    let effect = tables.effect(&entry.effect)?;
    Ok(effect.filter(|e| e.state == EffectState::Assigned && e.manifest.as_ref() == Some(id)))
}

fn released(old: &Effect, release: &Release) -> Effect {
    match release {
        Release::Ready { seal_max } => {
            let freed = freed(old);
            Effect { state: EffectState::Ready, seal_max: *seal_max, ..freed }
        }
        Release::Held(hold) => held(old, hold),
    }
}

fn settled(old: &Effect, outcome: &EntryOutcome, now: Timestamp) -> Effect {
    match outcome {
        EntryOutcome::Posted(posted) => Effect {
            state: EffectState::Posted,
            posted: Some(posted.clone()),
            posted_at: Some(now),
            ..old.clone()
        },
        EntryOutcome::Released(hold) => held(old, hold),
    }
}

fn held(old: &Effect, hold: &Hold) -> Effect {
    Effect { state: EffectState::Held, hold: Some(hold.clone()), ..freed(old) }
}

fn freed(old: &Effect) -> Effect {
    Effect { manifest: None, generation: old.generation.saturating_add(1), ..old.clone() }
}

fn transition(manifest: Manifest, holds: bool) -> Transition {
    Transition { manifest: Box::new(manifest), holds }
}
