//! T13: entries that posting moved to an error batch. The pointer `ErrorBatch`/`ErrorEntry` is
//! followed, never a description; an entry is given back only once it is seen to be gone.

use std::collections::VecDeque;

use domain::effect::{Hold, PostedAs};
use domain::exception::ReasonCode;
use domain::id::BatchNumber;
use domain::manifest::{Entry, Manifest};

use super::view::{BatchStatus, BatchView, EntryView};
use crate::store::EntryOutcome;

/// How often a pointer may lead to another pointer.
const HOPS_MAX: u32 = 16;

/// Progress through the entries of one posted batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trace {
    batch: BatchNumber,
    outcomes: Vec<Option<EntryOutcome>>,
    todo: VecDeque<Pointer>,
    ask: Ask,
}

/// What the trace needs next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    Read(BatchNumber),
    Delete(BatchNumber, i64),
    /// A person is working on the error batch.
    Wait,
    /// What is found cannot be explained.
    Person(String),
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Pointer {
    index: usize,
    batch: BatchNumber,
    entry: i64,
    hops: u32,
    deletion_tried: bool,
}

impl Trace {
    /// From the posted batch itself, already known to carry the manifest.
    #[must_use]
    pub fn of(manifest: &Manifest, view: &BatchView) -> Self {
        let mut outcomes = Vec::with_capacity(manifest.entries.len());
        let mut todo = VecDeque::new();
        for (index, entry) in manifest.entries.iter().enumerate() {
            let stored = view.entries.iter().find(|stored| same_reference(stored, entry));
            let outcome = stored.and_then(|stored| match stored.error {
                None => Some(posted(view.head.number, stored)),
                Some((batch, k)) => {
                    todo.push_back(Pointer::new(index, batch, k));
                    None
                }
            });
            outcomes.push(outcome);
        }
        let mut trace = Self { batch: view.head.number, outcomes, todo, ask: Ask::Nothing };
        trace.ask = trace.first();
        trace
    }

    #[must_use]
    pub fn ask(&self) -> Ask {
        self.ask.clone()
    }

    /// The batch read for the first pointer.
    #[must_use]
    pub fn saw(mut self, manifest: &Manifest, view: Option<BatchView>) -> Self {
        let Some(pointer) = self.todo.pop_front() else { return self };
        let Some(entry) = manifest.entries.get(pointer.index) else { return self };
        self.ask = match judge(&pointer, entry, view.as_ref()) {
            Verdict::Outcome(outcome) => {
                if let Some(slot) = self.outcomes.get_mut(pointer.index) {
                    *slot = Some(outcome);
                }
                self.first()
            }
            Verdict::Follow(next) => {
                let ask = Ask::Read(next.batch);
                self.todo.push_front(next);
                ask
            }
            Verdict::Ask(ask) => {
                self.todo.push_front(pointer);
                ask
            }
        };
        self
    }

    /// A deletion was sent; whatever was answered, the batch is read again.
    #[must_use]
    pub fn deletion_tried(mut self) -> Self {
        if let Some(pointer) = self.todo.front_mut() {
            pointer.deletion_tried = true;
            self.ask = Ask::Read(pointer.batch);
        }
        self
    }

    /// One outcome per entry, in entry order.
    #[must_use]
    pub fn outcomes(self) -> (BatchNumber, Vec<EntryOutcome>) {
        (self.batch, self.outcomes.into_iter().flatten().collect())
    }

    fn first(&self) -> Ask {
        self.todo.front().map_or(Ask::Nothing, |pointer| Ask::Read(pointer.batch))
    }
}

impl Pointer {
    fn new(index: usize, batch: BatchNumber, entry: i64) -> Self {
        Self { index, batch, entry, hops: 0, deletion_tried: false }
    }
}

enum Verdict {
    Outcome(EntryOutcome),
    Follow(Pointer),
    Ask(Ask),
}

fn judge(pointer: &Pointer, entry: &Entry, view: Option<&BatchView>) -> Verdict {
    let Some(view) = view else {
        return Verdict::Ask(Ask::Person(format!("error batch {} is gone", pointer.batch)));
    };
    let stored = found(pointer, entry, view);
    match (view.head.status, stored) {
        (BatchStatus::Posted, Some(stored)) => adopted(pointer, entry, stored),
        (BatchStatus::Open, Some(_)) if pointer.deletion_tried => Verdict::Ask(Ask::Wait),
        (BatchStatus::Open, Some(stored)) => {
            Verdict::Ask(Ask::Delete(pointer.batch, stored.number))
        }
        (BatchStatus::Posted | BatchStatus::Open, None) | (BatchStatus::Deleted, _) => {
            Verdict::Outcome(released(pointer))
        }
        (BatchStatus::ReadyToPost | BatchStatus::PostInProgress, _) => Verdict::Ask(Ask::Wait),
        (BatchStatus::Other, _) => {
            Verdict::Ask(Ask::Person(format!("error batch {} has no known status", pointer.batch)))
        }
    }
}

/// The entry pointed to; should the batch have been renumbered, the one with our reference in it.
fn found<'v>(pointer: &Pointer, entry: &Entry, view: &'v BatchView) -> Option<&'v EntryView> {
    let ours = |stored: &&EntryView| same_reference(stored, entry);
    let exact = view.entries.iter().filter(ours).find(|stored| stored.number == pointer.entry);
    exact.or_else(|| view.entries.iter().find(ours))
}

/// A person put the error batch right and posted it: their document is ours, if it is the same.
fn adopted(pointer: &Pointer, entry: &Entry, stored: &EntryView) -> Verdict {
    if let Some((batch, k)) = stored.error {
        if pointer.hops >= HOPS_MAX {
            let text = format!("error batches lead on from {}", pointer.batch);
            return Verdict::Ask(Ask::Person(text));
        }
        let hops = pointer.hops.saturating_add(1);
        return Verdict::Follow(Pointer { hops, ..Pointer::new(pointer.index, batch, k) });
    }
    let content = &entry.content;
    let same_customer =
        stored.customer.as_str().trim().eq_ignore_ascii_case(content.customer.as_str());
    if same_customer && stored.amount == content.amount {
        return Verdict::Outcome(posted(pointer.batch, stored));
    }
    Verdict::Ask(Ask::Person(format!(
        "entry {} of batch {} was posted as {} for {} instead of {} for {}",
        stored.number,
        pointer.batch,
        stored.amount,
        stored.customer,
        content.amount,
        content.customer
    )))
}

fn posted(batch: BatchNumber, stored: &EntryView) -> EntryOutcome {
    EntryOutcome::Posted(PostedAs {
        batch,
        entry: stored.number,
        document: stored.document.clone(),
    })
}

fn released(pointer: &Pointer) -> EntryOutcome {
    EntryOutcome::Released(Hold {
        reason: ReasonCode::PostingRefused,
        evidence: format!("Sage moved it to error batch {} when posting", pointer.batch),
    })
}

fn same_reference(stored: &EntryView, entry: &Entry) -> bool {
    stored.reference.trim().eq_ignore_ascii_case(entry.content.reference.trim())
}
