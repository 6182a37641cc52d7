//! The protocol: given what was just heard, what to do next. Pure; the caller performs commands and
//! feeds back what it heard, with the manifest as last written or read.

use domain::effect::Hold;
use domain::exception::ReasonCode;
use domain::id::BatchNumber;
use domain::manifest::{AttemptOutcome, Manifest, ManifestState};
use jiff::Timestamp;

use super::error_batch::{self, Trace};
use super::view::{BatchHead, BatchStatus, BatchView};
use crate::store::{EntryOutcome, Release};

/// What the caller does next. Every store command is conditional; every Sage command may be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// Find batches by the manifest's token.
    LookUp,
    Read(BatchNumber),
    /// T6: record the attempt of this epoch.
    Intend,
    /// T7: create the batch, Open.
    Create,
    /// The attempt's outcome is known.
    CloseAttempt,
    /// T8.
    Commit(BatchNumber),
    /// T9.
    Abort(Release),
    /// T10: set ReadyToPost. The only place this is ever asked for; the number is the committed one.
    Freeze(BatchNumber),
    MarkFrozen(BatchNumber),
    /// T11.
    Post(BatchNumber),
    MarkPosting(BatchNumber),
    /// T13: delete an entry of an error batch.
    DeleteEntry(BatchNumber, i64),
    /// T12.
    Finish(BatchNumber, Vec<EntryOutcome>),
    Hold(Hold),
    Stop(Stop),
}

/// Why a pass ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The manifest is final or held.
    Done,
    /// Not before so many milliseconds from now.
    Later { ms: u64 },
    /// Another worker has it.
    LostLease,
    /// The company's credential or rights were refused: nothing of it will work until mended.
    Denied(String),
}

/// What the caller heard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Heard {
    /// The lease is ours; begin.
    Leased,
    Found(Vec<BatchHead>),
    Batch(Option<Box<BatchView>>),
    Created(BatchNumber),
    /// A store command answered; the manifest passed along is the one it answered with.
    Stored {
        holds: bool,
    },
    /// A Sage command that answers nothing succeeded.
    Done,
    Failed(Refusal),
}

/// A Sage call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    NotSent,
    Throttled { retry_after_ms: u64 },
    Unclear,
    Denied(String),
    Refused(String),
}

/// Time limits, all in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long an unanswered create may take to land before another is sent (saves garbage only).
    pub settle_ms: u64,
    /// First delay before a pass is repeated; doubles with each epoch.
    pub base_ms: u64,
    pub cap_ms: u64,
}

/// What one pass over one manifest remembers between commands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Work {
    pub epoch: u64,
    stage: Stage,
    refrozen: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stage {
    Start,
    LookingUp,
    Choosing { rest: Vec<BatchHead>, fit: Vec<BatchHead> },
    Intending,
    Creating,
    ClosingAttempt(After),
    CheckingCreated(BatchNumber),
    Committing(BatchNumber),
    Aborting,
    Freezing(BatchNumber),
    CheckingFrozen(BatchNumber),
    MarkingFrozen(Box<BatchView>),
    Posting(BatchNumber),
    CheckingPosted(BatchNumber),
    MarkingPosting,
    Tracing(Box<Trace>),
    Finishing,
    Holding,
}

/// What follows once an attempt is closed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum After {
    Check(BatchNumber),
    Later(u64),
    Denied(String),
    Refused(String),
}

impl Work {
    #[must_use]
    pub fn begin(epoch: u64) -> Self {
        Self { epoch, stage: Stage::Start, refrozen: false }
    }
}

/// One step. `manifest` is the latest known state of it; `now` only decides whether to wait.
#[must_use]
pub fn step(work: Work, at: &Site<'_>, heard: Heard) -> (Work, Command) {
    let Work { epoch, stage, refrozen } = work;
    let mut pass = Pass { at, epoch, refrozen };
    let (stage, command) = pass.next(stage, heard);
    (Work { epoch, stage, refrozen: pass.refrozen }, command)
}

/// Everything a step may look at.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    pub manifest: &'a Manifest,
    pub now: Timestamp,
    pub limits: &'a Limits,
}

struct Pass<'a> {
    at: &'a Site<'a>,
    epoch: u64,
    refrozen: bool,
}

type Next = (Stage, Command);

impl Pass<'_> {
    fn next(&mut self, stage: Stage, heard: Heard) -> Next {
        match (stage, heard) {
            (Stage::LookingUp, Heard::Found(heads)) => self.choose(heads),
            (Stage::Choosing { rest, fit }, Heard::Batch(view)) => self.weigh(rest, fit, view),
            (Stage::Intending, Heard::Stored { holds: true }) => (Stage::Creating, Command::Create),
            (Stage::Creating, heard) => self.created(heard),
            (Stage::ClosingAttempt(after), Heard::Stored { .. }) => self.after_attempt(after),
            (Stage::CheckingCreated(number), Heard::Batch(view)) => {
                self.check_created(number, view)
            }
            (Stage::Committing(number), Heard::Stored { holds: true }) => freeze(number),
            (Stage::Freezing(number), heard) => self.frozen(number, heard),
            (Stage::CheckingFrozen(number), Heard::Batch(view)) => self.check_frozen(number, view),
            (Stage::MarkingFrozen(view), Heard::Stored { holds: true }) => {
                self.post_or_finish(*view)
            }
            (Stage::Posting(number), heard) => self.posted(number, heard),
            (Stage::CheckingPosted(number), Heard::Batch(view)) => self.check_posted(number, view),
            (Stage::MarkingPosting, Heard::Stored { .. }) => self.later(),
            (Stage::Tracing(trace), heard) => self.trace(*trace, heard),
            (
                Stage::Finishing | Stage::Aborting | Stage::Holding,
                Heard::Stored { holds: true },
            ) => stop(Stop::Done),
            (_, Heard::Failed(refusal)) => self.give_way(refusal),
            // The lease just taken, or a conditional write that went to somebody else: go on from
            // whatever the manifest now says.
            (_, _) => self.resume(),
        }
    }

    /// Where a manifest in this state is taken up, by whoever comes.
    fn resume(&mut self) -> Next {
        let manifest = self.at.manifest;
        if manifest.epoch != self.epoch {
            return stop(Stop::LostLease);
        }
        if manifest.hold.is_some() {
            return stop(Stop::Done);
        }
        match (manifest.state, manifest.committed_batch()) {
            (ManifestState::Sealed, _) if manifest.attempts.is_empty() => intend(),
            (ManifestState::Sealed, _) => (Stage::LookingUp, Command::LookUp),
            (ManifestState::Committed, Some(number)) => freeze(number),
            (ManifestState::Frozen, Some(number)) => post(number),
            (ManifestState::Posting, Some(number)) => {
                (Stage::CheckingPosted(number), Command::Read(number))
            }
            _ => stop(Stop::Done),
        }
    }

    // Look-up

    fn choose(&mut self, mut heads: Vec<BatchHead>) -> Next {
        heads.retain(|head| head.entries > 0 && rank(head.status).is_some());
        // Furthest along first; among equals the lowest number. The last element is taken first.
        heads.sort_by_key(|head| (rank(head.status), std::cmp::Reverse(head.number)));
        self.weigh_next(heads, Vec::new())
    }

    fn weigh(
        &mut self,
        rest: Vec<BatchHead>,
        mut fit: Vec<BatchHead>,
        view: Option<Box<BatchView>>,
    ) -> Next {
        if let Some(view) = view.filter(|view| view.carries(self.at.manifest)) {
            fit.push(view.head);
        }
        self.weigh_next(rest, fit)
    }

    fn weigh_next(&mut self, mut rest: Vec<BatchHead>, fit: Vec<BatchHead>) -> Next {
        let acted_on = fit.iter().filter(|head| head.status != BatchStatus::Open).count();
        match rest.pop() {
            Some(head) if fit.is_empty() || head.status != BatchStatus::Open => {
                let number = head.number;
                (Stage::Choosing { rest, fit }, Command::Read(number))
            }
            _ if acted_on > 1 => hold(ReasonCode::PostedOutside, numbers(&fit)),
            _ => match fit.first() {
                Some(head) => commit(head.number),
                None => self.create_when_settled(),
            },
        }
    }

    fn create_when_settled(&self) -> Next {
        let attempts = self.at.manifest.attempts.values();
        let open = attempts.filter(|a| a.outcome == AttemptOutcome::Open).map(|a| a.at).max();
        let waited = open.map(|at| elapsed_ms(at, self.at.now));
        match waited {
            Some(ms) if ms < self.at.limits.settle_ms => {
                stop(Stop::Later { ms: self.at.limits.settle_ms.saturating_sub(ms) })
            }
            // One attempt a pass: the next one has an epoch of its own.
            _ if self.at.manifest.attempts.contains_key(&self.epoch) => self.later(),
            _ => intend(),
        }
    }

    // Create

    fn created(&mut self, heard: Heard) -> Next {
        let after = match heard {
            Heard::Created(number) => After::Check(number),
            Heard::Failed(Refusal::NotSent) => After::Later(self.delay_ms()),
            Heard::Failed(Refusal::Throttled { retry_after_ms }) => {
                After::Later(retry_after_ms.max(self.delay_ms()))
            }
            Heard::Failed(Refusal::Denied(message)) => After::Denied(message),
            Heard::Failed(Refusal::Refused(message)) => After::Refused(message),
            _ => return (Stage::LookingUp, Command::LookUp),
        };
        (Stage::ClosingAttempt(after), Command::CloseAttempt)
    }

    fn after_attempt(&mut self, after: After) -> Next {
        match after {
            After::Check(number) => (Stage::CheckingCreated(number), Command::Read(number)),
            After::Later(ms) => stop(Stop::Later { ms }),
            After::Denied(message) => stop(Stop::Denied(message)),
            After::Refused(message) => self.abort(message),
        }
    }

    fn check_created(&mut self, number: BatchNumber, view: Option<Box<BatchView>>) -> Next {
        match view {
            Some(view) if view.carries(self.at.manifest) => commit(number),
            Some(_) => self.abort(format!("Sage stored batch {number} with other content")),
            None => self.later(),
        }
    }

    /// Sage will not take the batch as it is: halve it until the refused entry stands alone.
    fn abort(&self, message: String) -> Next {
        let n = self.at.manifest.entries.len();
        let release = match u32::try_from(n / 2) {
            Ok(half) if half > 0 => Release::Ready { seal_max: half },
            _ => Release::Held(Hold { reason: ReasonCode::SageRefused, evidence: message }),
        };
        (Stage::Aborting, Command::Abort(release))
    }

    // Freeze

    fn frozen(&mut self, number: BatchNumber, heard: Heard) -> Next {
        match heard {
            Heard::Done | Heard::Failed(Refusal::Unclear | Refusal::Refused(_)) => {
                (Stage::CheckingFrozen(number), Command::Read(number))
            }
            Heard::Failed(refusal) => self.give_way(refusal),
            _ => self.resume(),
        }
    }

    fn check_frozen(&mut self, number: BatchNumber, view: Option<Box<BatchView>>) -> Next {
        let Some(view) = view.filter(|view| view.carries(self.at.manifest)) else {
            return hold(ReasonCode::BatchChanged, format!("batch {number}, before posting"));
        };
        match view.head.status {
            BatchStatus::ReadyToPost | BatchStatus::PostInProgress | BatchStatus::Posted => {
                (Stage::MarkingFrozen(view), Command::MarkFrozen(number))
            }
            // Somebody has it open in Sage: it stays ours, and Open, until they are done.
            BatchStatus::Open => self.later(),
            BatchStatus::Deleted | BatchStatus::Other => {
                hold(ReasonCode::BatchChanged, format!("batch {number} was deleted"))
            }
        }
    }

    // Post

    fn post_or_finish(&mut self, view: BatchView) -> Next {
        match view.head.status {
            BatchStatus::Posted => self.finish(view),
            BatchStatus::PostInProgress => self.in_progress(view.head.number),
            _ => post(view.head.number),
        }
    }

    fn posted(&mut self, number: BatchNumber, heard: Heard) -> Next {
        match heard {
            Heard::Done | Heard::Failed(Refusal::Unclear | Refusal::Refused(_)) => {
                (Stage::CheckingPosted(number), Command::Read(number))
            }
            Heard::Failed(refusal) => self.give_way(refusal),
            _ => self.resume(),
        }
    }

    fn check_posted(&mut self, number: BatchNumber, view: Option<Box<BatchView>>) -> Next {
        let Some(view) = view.filter(|view| view.carries(self.at.manifest)) else {
            return hold(ReasonCode::BatchChanged, format!("batch {number}, while posting"));
        };
        match view.head.status {
            BatchStatus::Posted => self.finish(*view),
            BatchStatus::PostInProgress => self.in_progress(number),
            BatchStatus::ReadyToPost if self.at.manifest.state == ManifestState::Posting => {
                post_unless_repeated(number, &mut self.refrozen).unwrap_or_else(|| self.later())
            }
            BatchStatus::ReadyToPost => self.later(),
            BatchStatus::Open if !self.refrozen => {
                self.refrozen = true;
                freeze(number)
            }
            BatchStatus::Open => self.later(),
            BatchStatus::Deleted | BatchStatus::Other => {
                hold(ReasonCode::BatchChanged, format!("batch {number} was deleted"))
            }
        }
    }

    fn in_progress(&self, number: BatchNumber) -> Next {
        (Stage::MarkingPosting, Command::MarkPosting(number))
    }

    // Outcomes

    fn finish(&mut self, view: BatchView) -> Next {
        self.follow(Trace::of(self.at.manifest, &view))
    }

    fn trace(&mut self, trace: Trace, heard: Heard) -> Next {
        match heard {
            Heard::Batch(view) => {
                let trace = trace.saw(self.at.manifest, view.map(|view| *view));
                self.follow(trace)
            }
            Heard::Done | Heard::Failed(Refusal::Unclear | Refusal::Refused(_)) => {
                self.follow(trace.deletion_tried())
            }
            Heard::Failed(refusal) => self.give_way(refusal),
            _ => self.resume(),
        }
    }

    fn follow(&mut self, trace: Trace) -> Next {
        use error_batch::Ask;
        match trace.ask() {
            Ask::Read(number) => (Stage::Tracing(Box::new(trace)), Command::Read(number)),
            Ask::Delete(number, entry) => {
                (Stage::Tracing(Box::new(trace)), Command::DeleteEntry(number, entry))
            }
            Ask::Wait => self.later(),
            Ask::Person(evidence) => hold(ReasonCode::BatchChanged, evidence),
            Ask::Nothing => {
                let (batch, outcomes) = trace.outcomes();
                (Stage::Finishing, Command::Finish(batch, outcomes))
            }
        }
    }

    // Waiting

    fn give_way(&self, refusal: Refusal) -> Next {
        match refusal {
            Refusal::Denied(message) => stop(Stop::Denied(message)),
            Refusal::Throttled { retry_after_ms } => {
                stop(Stop::Later { ms: retry_after_ms.max(self.delay_ms()) })
            }
            Refusal::NotSent | Refusal::Unclear | Refusal::Refused(_) => self.later(),
        }
    }

    fn later(&self) -> Next {
        stop(Stop::Later { ms: self.delay_ms() })
    }

    fn delay_ms(&self) -> u64 {
        let doublings = u32::try_from(self.epoch.saturating_sub(1).min(16)).unwrap_or(16);
        let limits = self.at.limits;
        limits.base_ms.saturating_mul(2_u64.saturating_pow(doublings)).min(limits.cap_ms)
    }
}

fn intend() -> Next {
    (Stage::Intending, Command::Intend)
}

fn commit(number: BatchNumber) -> Next {
    (Stage::Committing(number), Command::Commit(number))
}

fn freeze(number: BatchNumber) -> Next {
    (Stage::Freezing(number), Command::Freeze(number))
}

fn post(number: BatchNumber) -> Next {
    (Stage::Posting(number), Command::Post(number))
}

fn post_unless_repeated(number: BatchNumber, repeated: &mut bool) -> Option<Next> {
    let first = !std::mem::replace(repeated, true);
    first.then(|| post(number))
}

fn hold(reason: ReasonCode, evidence: String) -> Next {
    (Stage::Holding, Command::Hold(Hold { reason, evidence }))
}

fn stop(stop: Stop) -> Next {
    (Stage::Start, Command::Stop(stop))
}

/// How far along a batch is; `None` for one that cannot carry the manifest.
fn rank(status: BatchStatus) -> Option<u8> {
    match status {
        BatchStatus::Open => Some(0),
        BatchStatus::ReadyToPost => Some(1),
        BatchStatus::PostInProgress => Some(2),
        BatchStatus::Posted => Some(3),
        BatchStatus::Deleted | BatchStatus::Other => None,
    }
}

fn numbers(heads: &[BatchHead]) -> String {
    let all: Vec<String> = heads.iter().map(|head| head.number.to_string()).collect();
    format!("batches {}", all.join(", "))
}

fn elapsed_ms(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
