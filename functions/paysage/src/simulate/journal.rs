//! What happened in a run: events with a running hash, faults by kind, what was reached, and what
//! must never be.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::effect::EffectState;
use domain::manifest::ManifestState;
use serde::Serialize;

use super::fault::{Counts, Fault};

/// What a campaign must have seen at least once to have tried the protocol at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sometimes {
    /// A create landed when its manifest was committed to another batch already.
    LateCreateAfterCommit,
    /// A create landed when its manifest was aborted.
    CreateAfterAbort,
    /// A manifest was aborted: Sage refused its batch.
    Aborted,
    /// A worker's commit was refused: another batch was committed before.
    LoserAdoptsWinner,
    /// A batch nobody committed was emptied.
    StrayEmptied,
    /// An entry was taken out of an error batch and decided again.
    EntryReleased,
    /// A person mended an error batch and posted it; its receipt was adopted.
    ErrorBatchAdopted,
    /// A process that stood still for longer than its lease went on.
    ThawedAfterItsLease,
    /// A worker lost its lease in the middle of a manifest.
    LeaseLost,
    PostInProgress,
    /// A void came before the receipt was posted.
    VoidInTime,
    /// A void came after it.
    VoidTooLate,
    RefundHeld,
    /// A payment whose webhook never came was found by polling.
    FoundByPolling,
    /// A batch was changed by a person after it was committed, and held.
    BatchHeld,
    /// Entries of a payment's day were held and taken up by themselves later.
    HeldHealed,
    /// A vendor refused the credential.
    Denied,
    /// What was posted is gone from a restored Sage.
    PostedThenRestored,
}

impl Sometimes {
    pub const ALL: &[Self] = &[
        Self::LateCreateAfterCommit,
        Self::CreateAfterAbort,
        Self::Aborted,
        Self::LoserAdoptsWinner,
        Self::StrayEmptied,
        Self::EntryReleased,
        Self::ErrorBatchAdopted,
        Self::ThawedAfterItsLease,
        Self::LeaseLost,
        Self::PostInProgress,
        Self::VoidInTime,
        Self::VoidTooLate,
        Self::RefundHeld,
        Self::FoundByPolling,
        Self::BatchHeld,
        Self::HeldHealed,
        Self::Denied,
        Self::PostedThenRestored,
    ];
}

/// A change of state, of an effect or of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    Effect(Option<EffectState>, EffectState),
    Manifest(Option<ManifestState>, ManifestState),
}

impl Edge {
    /// Every change the product declares it makes.
    #[must_use]
    pub fn declared() -> BTreeSet<Self> {
        let effects = EffectState::EDGES.iter().map(|(from, to)| Self::Effect(*from, *to));
        let manifests = ManifestState::EDGES.iter().map(|(from, to)| Self::Manifest(*from, *to));
        effects.chain(manifests).collect()
    }
}

/// The account of one run.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub events: u64,
    pub hash: u64,
    pub faults: Counts,
    pub sometimes: BTreeMap<Sometimes, u64>,
    pub edges: BTreeSet<Edge>,
    pub violations: Vec<String>,
    /// What happened, line by line, when it was asked for.
    pub lines: Vec<String>,
}

pub struct Journal {
    pages: Mutex<Pages>,
    verbose: bool,
}

#[derive(Default)]
struct Pages {
    account: Account,
    hasher: DefaultHasher,
}

/// Violations kept of one run: the first tells, the rest follows from it.
const VIOLATIONS_MAX: usize = 5;

impl Journal {
    #[must_use]
    pub fn new(verbose: bool) -> Self {
        Self { pages: Mutex::default(), verbose }
    }

    /// Something happened. The text is part of the run's hash.
    pub fn event(&self, text: String) {
        let mut pages = self.pages();
        text.hash(&mut pages.hasher);
        pages.account.events = pages.account.events.saturating_add(1);
        if self.verbose {
            pages.account.lines.push(text);
        }
    }

    pub fn fault(&self, fault: Fault) {
        let mut pages = self.pages();
        let count = pages.account.faults.entry(fault).or_default();
        *count = count.saturating_add(1);
        if self.verbose {
            pages.account.lines.push(format!("      fault: {fault:?}"));
        }
    }

    pub fn reached(&self, what: Sometimes) {
        let mut pages = self.pages();
        let count = pages.account.sometimes.entry(what).or_default();
        *count = count.saturating_add(1);
    }

    pub fn edge(&self, edge: Edge) {
        if self.pages().account.edges.insert(edge) && !Edge::declared().contains(&edge) {
            self.violation("edges", &format!("{edge:?} is not declared"));
        }
    }

    /// An invariant does not hold.
    pub fn violation(&self, invariant: &str, evidence: &str) {
        let mut pages = self.pages();
        let text = format!("{invariant}: {evidence}");
        if self.verbose {
            pages.account.lines.push(format!("*** {text}"));
        }
        if pages.account.violations.len() < VIOLATIONS_MAX {
            pages.account.violations.push(text);
        }
    }

    #[must_use]
    pub fn faults(&self) -> u64 {
        self.pages().account.faults.values().sum()
    }

    /// The account so far.
    #[must_use]
    pub fn account(&self) -> Account {
        let pages = self.pages();
        Account { hash: pages.hasher.finish(), ..pages.account.clone() }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
