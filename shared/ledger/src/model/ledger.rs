//! The store's side of the model: manifests and effects, small enough to be states, with the
//! conditions of the `Store` trait.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::effect::{Content, Document, EffectKey, EffectKind, Extra, Hold};
use domain::exception::ReasonCode;
use domain::id::{BatchNumber, PaymentKey};
use domain::manifest::{Attempt, AttemptOutcome, Commit, Entry, Group, Manifest, ManifestState};
use domain::money::{Currency, Money};
use jiff::Timestamp;

use crate::store::{EntryOutcome, Release};

/// Epochs a manifest may reach.
pub const EPOCHS: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    Ready,
    Assigned,
    Posted,
    Held,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Effect {
    pub standing: Standing,
    pub manifest: Option<u8>,
    pub generation: u8,
    /// HELD because Sage refused it: a person's doing may make it READY again.
    pub may_heal: bool,
}

/// A manifest, without what never changes: which effects, at which generation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sealed {
    pub effects: Vec<(u8, u8)>,
    pub state: ManifestState,
    pub commit: Option<Commit>,
    /// What was committed first: it must stay.
    pub first_commit: Option<Commit>,
    pub epoch: u8,
    attempts: [Option<AttemptOutcome>; EPOCHS],
    pub hold: bool,
}

impl Sealed {
    pub fn of(effects: Vec<(u8, u8)>) -> Self {
        Self {
            effects,
            state: ManifestState::Sealed,
            commit: None,
            first_commit: None,
            epoch: 0,
            attempts: [None; EPOCHS],
            hold: false,
        }
    }

    pub fn is_live(&self) -> bool {
        !self.state.is_final()
    }

    /// What follows from the manifest as production knows it. What never changes of it is made once.
    pub fn whole<T>(&self, number: u8, then: impl FnOnce(&Manifest) -> T) -> T {
        type Known = BTreeMap<(u8, Vec<(u8, u8)>), Manifest>;
        thread_local! {
            static KNOWN: RefCell<Known> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            let place = (number, self.effects.clone());
            let whole = known.entry(place).or_insert_with(|| self.sealed(number));
            self.fill(whole);
            then(whole)
        })
    }

    fn sealed(&self, number: u8) -> Manifest {
        let entries: Vec<Entry> =
            self.effects.iter().map(|(effect, generation)| entry(*effect, *generation)).collect();
        let group = Group::of(&entries[0].content);
        let mut whole = Manifest::seal(group, entries, beginning()).unwrap();
        whole.id = format!("M{number}").as_str().into();
        whole
    }

    fn fill(&self, whole: &mut Manifest) {
        whole.state = self.state;
        whole.commit = self.commit;
        whole.epoch = u64::from(self.epoch);
        let attempts = (0..).zip(&self.attempts).filter_map(|(epoch, outcome)| {
            outcome.map(|outcome| (epoch, Attempt { at: beginning(), outcome }))
        });
        whole.attempts = attempts.collect();
        whole.hold =
            self.hold.then(|| Hold { reason: ReasonCode::BatchChanged, evidence: String::new() });
    }

    // The operations: whether they hold afterwards.

    pub fn intend(&mut self, epoch: u64) -> bool {
        let place = usize::try_from(epoch).unwrap();
        let holds = u64::from(self.epoch) == epoch
            && self.commit.is_none()
            && self.attempts[place].is_none();
        if holds {
            self.attempts[place] = Some(AttemptOutcome::Open);
        }
        holds
    }

    pub fn close_attempt(&mut self, epoch: u64) -> bool {
        let place = usize::try_from(epoch).unwrap();
        let known = self.attempts[place].is_some();
        if known {
            self.attempts[place] = Some(AttemptOutcome::Closed);
        }
        known
    }

    pub fn commit(&mut self, number: BatchNumber) -> bool {
        if self.commit.is_none() && self.state == ManifestState::Sealed {
            self.write_commit(Commit::Batch(number), ManifestState::Committed);
        }
        self.commit == Some(Commit::Batch(number))
    }

    pub fn write_commit(&mut self, commit: Commit, state: ManifestState) {
        self.first_commit = self.first_commit.or(Some(commit));
        self.commit = Some(commit);
        self.state = state;
    }

    /// True when it is aborted now, by this call.
    pub fn abort(&mut self) -> bool {
        let now = self.commit.is_none() && self.state == ManifestState::Sealed;
        if now {
            self.write_commit(Commit::Nothing, ManifestState::Aborted);
        }
        now
    }

    pub fn mark_frozen(&mut self, number: BatchNumber) -> bool {
        let ours = self.commit == Some(Commit::Batch(number));
        if ours && self.state == ManifestState::Committed {
            self.state = ManifestState::Frozen;
        }
        ours && !matches!(self.state, ManifestState::Sealed | ManifestState::Committed)
    }

    pub fn mark_posting(&mut self, number: BatchNumber) -> bool {
        let holds = self.commit == Some(Commit::Batch(number))
            && matches!(self.state, ManifestState::Frozen | ManifestState::Posting);
        if holds {
            self.state = ManifestState::Posting;
        }
        holds
    }

    /// True when it is finished now, by this call.
    pub fn finish(&mut self, number: BatchNumber, outcomes: &[EntryOutcome]) -> bool {
        let open = matches!(
            self.state,
            ManifestState::Committed | ManifestState::Frozen | ManifestState::Posting
        );
        let now = open && self.commit == Some(Commit::Batch(number));
        if now {
            let released =
                outcomes.iter().any(|outcome| matches!(outcome, EntryOutcome::Released(_)));
            self.state = if released { ManifestState::Partial } else { ManifestState::Posted };
        }
        now
    }
}

impl Effect {
    pub fn ready() -> Self {
        Self { standing: Standing::Ready, manifest: None, generation: 1, may_heal: false }
    }

    /// Given back by its manifest.
    pub fn released(&mut self, by: u8, release: &Release) {
        if self.manifest != Some(by) || self.standing != Standing::Assigned {
            return;
        }
        self.manifest = None;
        self.generation += 1;
        (self.standing, self.may_heal) = match release {
            Release::Ready { .. } => (Standing::Ready, false),
            Release::Held(_) => (Standing::Held, true),
        };
    }

    pub fn ended(&mut self, by: u8, outcome: &EntryOutcome) {
        if self.manifest != Some(by) || self.standing != Standing::Assigned {
            return;
        }
        match outcome {
            EntryOutcome::Posted(_) => self.standing = Standing::Posted,
            EntryOutcome::Released(hold) => self.released(by, &Release::Held(hold.clone())),
        }
    }
}

pub fn reference(effect: u8) -> String {
    format!("T{effect}")
}

pub fn beginning() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn entry(effect: u8, generation: u8) -> Entry {
    let payment =
        PaymentKey { merchant: "m".into(), transaction: reference(effect).as_str().into() };
    let content = Content {
        company: "C".into(),
        bank: "B".into(),
        customer: "P".into(),
        amount: Money::new(100, Currency::USD),
        reference: reference(effect),
        posting_date: jiff::civil::date(2026, 3, 2),
        receipt_date: jiff::civil::date(2026, 3, 2),
        payment_code: "X".into(),
        description: String::new(),
        document: Document::UnappliedCash,
        extra: Extra::default(),
    };
    let key = EffectKey { payment, kind: EffectKind::Receipt, ordinal: 1 };
    Entry { effect: key, generation: u32::from(generation), content }
}
