//! A manifest as two items: what was sealed, which never changes, and the head, which does.
//!
//! Every step of the protocol writes the small head only. What was sealed is written before the
//! head, so that there is no head without it; it alone is no manifest, and one that is left without
//! a head by a refused seal does no harm: its name follows from its content.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::effect::Hold;
use domain::id::{BatchNumber, CompanyId, ManifestId};
use domain::manifest::{Attempt, AttemptOutcome, Commit, Manifest, ManifestState};
use jiff::Timestamp;
use ledger::memory::tables::{Fallible, Misuse};

use super::expression::{Condition, Put};
use super::index::{STATE, STATE_SORT, STRAY};
use super::item::{Item, map_of, number, text, time, word};
use super::key::{self, Key};
use super::table::Table;

/// The commit of an aborted manifest.
const NOTHING: &str = "NONE";

/// Sealed parts kept in memory: they never change, and a pass needs each several times.
const KEPT_MAX: usize = 64;

pub(super) const HELD: &str = "MAN#HELD";

/// The partition of the index that lists open manifests of a company.
pub(super) fn open(company: &CompanyId) -> String {
    format!("MAN#OPEN#{company}")
}

/// The partition of the index that lists manifests of a company with strays.
pub(super) fn strays(company: &CompanyId) -> String {
    format!("MAN#STRAYS#{company}")
}

pub(super) fn stray_sort(until: Timestamp, id: &ManifestId) -> String {
    key::by_time(until, &[id.as_str()])
}

/// A manifest's changing part, as read.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub id: ManifestId,
    pub state: ManifestState,
    pub commit: Option<Commit>,
    pub hold: Option<Hold>,
    pub epoch: u64,
    pub attempts: BTreeMap<u64, Attempt>,
    pub strays_until: Option<Timestamp>,
    owner: Option<String>,
    lease_until: Option<Timestamp>,
    sealed_at: Timestamp,
    posting_since: Option<Timestamp>,
}

impl Head {
    pub fn committed_batch(&self) -> Option<BatchNumber> {
        match self.commit {
            Some(Commit::Batch(number)) => Some(number),
            Some(Commit::Nothing) | None => None,
        }
    }

    /// It may still be committed, or aborted.
    pub fn is_undecided(&self) -> bool {
        self.commit.is_none() && self.state == ManifestState::Sealed
    }

    fn on(self, sealed: &Manifest) -> Manifest {
        Manifest {
            id: self.id,
            group: sealed.group.clone(),
            state: self.state,
            entries: sealed.entries.clone(),
            total: sealed.total,
            content_hash: sealed.content_hash.clone(),
            commit: self.commit,
            epoch: self.epoch,
            owner: self.owner,
            lease_until: self.lease_until,
            attempts: self.attempts,
            hold: self.hold,
            sealed_at: self.sealed_at,
            posting_since: self.posting_since,
            strays_until: self.strays_until,
        }
    }
}

/// Sealed parts already read.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<BTreeMap<ManifestId, Arc<Manifest>>>);

impl Kept {
    fn get(&self, id: &ManifestId) -> Option<Arc<Manifest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, sealed: &Arc<Manifest>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(sealed.id.clone(), Arc::clone(sealed));
    }
}

/// The head of a manifest that must be there.
pub(super) fn head(found: Option<Item>, id: &ManifestId) -> Fallible<Head> {
    head_of(&found.ok_or_else(|| Misuse::NoManifest(id.clone()))?)
}

/// Puts the head's sealed part to it.
pub(super) async fn whole(table: &Table, kept: &Kept, head: Head) -> Fallible<Manifest> {
    let sealed = match kept.get(&head.id) {
        Some(sealed) => sealed,
        None => {
            let sealed = Arc::new(read_sealed(table, &head.id).await?);
            kept.keep(&sealed);
            sealed
        }
    };
    Ok(head.on(&sealed))
}

pub(super) fn head_of(item: &Item) -> Fallible<Head> {
    let mut attempts = BTreeMap::new();
    for (epoch, attempt) in item.map("attempts")? {
        let outcome: AttemptOutcome = attempt.word("outcome")?;
        attempts.insert(epoch.parse()?, Attempt { at: attempt.time("at")?, outcome });
    }
    Ok(Head {
        id: ManifestId(item.text("man")?),
        state: item.word("st")?,
        commit: commit_of(item)?,
        hold: item.json("hold")?,
        epoch: item.number("epoch")?,
        attempts,
        strays_until: item.optional_time("strays_until")?,
        owner: item.optional_text("owner")?,
        lease_until: item.optional_time("lease_until")?,
        sealed_at: item.time("sealed_at")?,
        posting_since: item.optional_time("posting_since")?,
    })
}

/// The head of a manifest just sealed: IF absent.
pub(super) fn head_put(manifest: &Manifest) -> Fallible<Put> {
    let company = &manifest.group.company;
    let item = Item::at(&Key::manifest(&manifest.id))
        .with("man", text(manifest.id.as_str()))
        .with("company", text(company.as_str()))
        .with("st", text(&word(&manifest.state)?))
        .with("epoch", number(manifest.epoch))
        .with("attempts", map_of(Item::default()))
        .with("sealed_at", time(manifest.sealed_at))
        .with(STATE, text(&open(company)))
        .with(STATE_SORT, text(&key::by_time(manifest.sealed_at, &[manifest.id.as_str()])))
        .with(STRAY, text(&strays(company)));
    Ok(Put::new(item, Condition::new_item()))
}

/// What is sealed: IF absent.
pub(super) fn sealed_put(manifest: &Manifest) -> Fallible<Put> {
    let item = Item::at(&Key::sealed(&manifest.id));
    let item = item.with("sealed", super::item::json(manifest)?);
    Ok(Put::new(item, Condition::new_item()))
}

pub(super) fn attempt(attempt: &Attempt) -> Fallible<aws_sdk_dynamodb::types::AttributeValue> {
    let item = Item::default().with("at", time(attempt.at));
    Ok(map_of(item.with("outcome", text(&word(&attempt.outcome)?))))
}

/// As stored: a number is a batch.
pub(super) fn commit(commit: Commit) -> aws_sdk_dynamodb::types::AttributeValue {
    match commit {
        Commit::Batch(batch) => number(batch),
        Commit::Nothing => text(NOTHING),
    }
}

/// Those states in which a manifest is not at its end.
pub(super) const UNFINISHED: [ManifestState; 4] = [
    ManifestState::Sealed,
    ManifestState::Committed,
    ManifestState::Frozen,
    ManifestState::Posting,
];

pub(super) fn in_state(states: &[ManifestState]) -> Fallible<Condition> {
    let words: Fallible<Vec<_>> = states.iter().map(|state| Ok(text(&word(state)?))).collect();
    Ok(Condition::OneOf("st".to_owned(), words?))
}

async fn read_sealed(table: &Table, id: &ManifestId) -> Fallible<Manifest> {
    let found = table.get(&Key::sealed(id)).await?;
    let sealed = found.as_ref().map(|item| item.json("sealed")).transpose()?.flatten();
    sealed.ok_or_else(|| format!("manifest {id} has lost what was sealed in it").into())
}

fn commit_of(item: &Item) -> Fallible<Option<Commit>> {
    if let Ok(Some(word)) = item.optional_text("commit") {
        return match word.as_str() {
            NOTHING => Ok(Some(Commit::Nothing)),
            _ => Err(format!("`{word}` is no commit of a manifest").into()),
        };
    }
    let batch: Option<i64> = item.optional_number("commit")?;
    Ok(batch.map(|number| Commit::Batch(BatchNumber(number))))
}
