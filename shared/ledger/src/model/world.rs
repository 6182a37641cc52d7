//! A state of the whole, and what may happen in it.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use domain::id::BatchNumber;
use domain::manifest::Commit;

use super::ledger::{EPOCHS, Effect, Sealed, Standing, beginning};
use super::sage::{Request, Sage};
use super::variant::Variant;
use crate::posting::{BatchStatus, Command, Heard, Limits, Refusal, Site, Stop, Work, step};
use crate::store::{EntryOutcome, Release};

/// How far a check goes.
#[derive(Debug, Clone)]
pub struct Bounds {
    pub name: &'static str,
    pub workers: usize,
    pub effects: u8,
    /// How often a manifest may be taken up.
    pub epochs: u8,
    pub manifests: usize,
    pub batches: usize,
    /// Answers that may be lost, creates that may be refused, entries that posting may refuse.
    pub unclear: u8,
    pub refused: u8,
    pub refusals: u8,
    /// A person posts all, and works at error batches.
    pub person: bool,
    pub variant: Variant,
}

/// What a check must have come by to have tried the protocol at all.
#[derive(Debug, Default)]
pub struct Marks {
    pub late_create_after_commit: AtomicBool,
    pub abort_wins: AtomicBool,
    pub error_batch_adopted: AtomicBool,
    pub loser_adopts: AtomicBool,
    pub released_and_posted: AtomicBool,
    pub stray_emptied: AtomicBool,
}

#[derive(Debug, Clone)]
pub struct World {
    pub bounds: Bounds,
    pub marks: Arc<Marks>,
    /// States without a worker that are known to end well.
    good: Arc<Mutex<BTreeSet<u64>>>,
    limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub effects: Vec<Effect>,
    pub manifests: Vec<Sealed>,
    pub workers: Vec<Option<Pass>>,
    pub sage: Sage,
    pub wire: Vec<Request>,
    unclear: u8,
    refused: u8,
}

/// A worker in the middle of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pass {
    manifest: u8,
    /// The manifest as it last saw it.
    seen: Sealed,
    work: Work,
    next: Command,
}

/// How a command turns out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Well,
    /// No answer. It lands at once, later or never, as any request on its way.
    Lost,
    /// Done and answered; it lands once more later.
    Twice,
    /// Sage says no.
    Refused,
    /// Posted, but the entry of that place is refused.
    EntryRefused(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Begin { worker: usize, manifest: u8 },
    Perform { worker: usize, how: How },
    Land(usize),
    Heal(u8),
    PostAll,
    Mend(i64),
    Clear(i64),
    Sweep(i64),
    TimeOut(u8),
}

impl World {
    pub fn new(bounds: Bounds) -> Self {
        let limits = Limits { settle_ms: 0, base_ms: 1_000, cap_ms: 60_000 };
        Self { bounds, marks: Arc::default(), good: Arc::default(), limits }
    }

    pub fn first(&self) -> State {
        let numbers = 0..self.bounds.effects;
        let manifest = Sealed::of(numbers.clone().map(|effect| (effect, 1)).collect());
        let assigned =
            Effect { standing: Standing::Assigned, manifest: Some(0), ..Effect::ready() };
        State {
            effects: numbers.map(|_| assigned).collect(),
            manifests: vec![manifest],
            workers: vec![None; self.bounds.workers],
            sage: Sage { batches: Vec::new(), refusals: self.bounds.refusals },
            wire: Vec::new(),
            unclear: self.bounds.unclear,
            refused: self.bounds.refused,
        }
    }

    pub fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        self.of_workers(state, actions);
        actions.extend((0..state.wire.len()).map(Action::Land));
        let held = (0..).zip(&state.effects).filter(|(_, effect)| effect.may_heal);
        actions.extend(held.map(|(number, _)| Action::Heal(number)));
        self.of_people(state, actions);
        let strays = state.sage.numbered().filter(|(number, _)| self.is_stray(state, *number));
        actions.extend(strays.map(|(number, _)| Action::Sweep(number)));
        if self.bounds.variant == Variant::ReleasedOnTimeOut {
            let live = (0..).zip(&state.manifests).filter(|(_, manifest)| manifest.is_live());
            actions.extend(live.map(|(number, _)| Action::TimeOut(number)));
        }
    }

    fn of_workers(&self, state: &State, actions: &mut Vec<Action>) {
        for (worker, pass) in state.workers.iter().enumerate() {
            let Some(pass) = pass else { continue };
            let ways = self.ways(state, &pass.next);
            actions.extend(ways.into_iter().map(|how| Action::Perform { worker, how }));
        }
        let open = |manifest: &Sealed| {
            manifest.is_live() && !manifest.hold && manifest.epoch < self.bounds.epochs
        };
        // All idle workers are the same. A worker that never acts again is as good as dead: it is
        // taken for dead when its place is needed.
        let idle = state.workers.iter().position(Option::is_none);
        for (manifest, _) in (0..).zip(&state.manifests).filter(|(_, manifest)| open(manifest)) {
            match idle {
                Some(worker) => actions.push(Action::Begin { worker, manifest }),
                None => {
                    let workers = 0..state.workers.len();
                    actions.extend(workers.map(|worker| Action::Begin { worker, manifest }));
                }
            }
        }
    }

    fn of_people(&self, state: &State, actions: &mut Vec<Action>) {
        if !self.bounds.person {
            return;
        }
        if state.sage.batches.iter().any(|batch| batch.status == BatchStatus::ReadyToPost) {
            actions.push(Action::PostAll);
        }
        for (number, batch) in state.sage.numbered() {
            let wrong = batch.token.is_none() && batch.status == BatchStatus::Open;
            if wrong && !batch.entries.is_empty() {
                actions.extend([Action::Mend(number), Action::Clear(number)]);
            }
        }
    }

    fn ways(&self, state: &State, command: &Command) -> Vec<How> {
        let mut ways = vec![How::Well];
        let write = matches!(
            command,
            Command::Create | Command::Freeze(_) | Command::Post(_) | Command::DeleteEntry(..)
        );
        if write && state.unclear > 0 {
            ways.push(How::Lost);
        }
        match command {
            Command::Create => {
                if state.unclear > 0 {
                    ways.push(How::Twice);
                }
                if state.refused > 0 {
                    ways.push(How::Refused);
                }
            }
            Command::Post(number) if state.sage.refusals > 0 => {
                let entries = state.sage.batch(number.0).map_or(0, |batch| batch.entries.len());
                ways.extend((0..entries).map(How::EntryRefused));
            }
            _ => {}
        }
        ways
    }

    pub fn after(&self, state: &State, action: &Action) -> State {
        let mut state = state.clone();
        match action {
            Action::Begin { worker, manifest } => {
                let sealed = &mut state.manifests[usize::from(*manifest)];
                sealed.epoch += 1;
                let seen = sealed.clone();
                let work = Work::begin(u64::from(seen.epoch));
                state.workers[*worker] = self.goes_on(*manifest, seen, work, Heard::Leased);
            }
            Action::Perform { worker, how } => self.perform(&mut state, *worker, *how),
            Action::Land(place) => {
                let request = state.wire.remove(*place);
                self.mark_landing(&state, &request);
                state.sage.land(&request);
            }
            Action::Heal(effect) => {
                let effect = &mut state.effects[usize::from(*effect)];
                effect.standing = Standing::Ready;
                effect.generation += 1;
                effect.may_heal = false;
            }
            Action::PostAll => state.sage.post_all(),
            Action::Mend(number) => state.sage.mend(*number),
            Action::Clear(number) => state.sage.empty(*number),
            Action::Sweep(number) => {
                state.sage.empty(*number);
                self.marks.stray_emptied.store(true, Ordering::Relaxed);
            }
            Action::TimeOut(manifest) => {
                let release = Release::Ready { seal_max: 1 };
                state.effects.iter_mut().for_each(|effect| effect.released(*manifest, &release));
            }
        }
        seal(&mut state);
        state.wire.sort();
        state.workers.sort_by_cached_key(fingerprint);
        state
    }

    fn goes_on(&self, manifest: u8, seen: Sealed, work: Work, heard: Heard) -> Option<Pass> {
        let (work, next) = seen.whole(manifest, |whole| {
            let site = Site { manifest: whole, now: beginning(), limits: &self.limits };
            step(work, &site, heard)
        });
        match next {
            Command::Stop(Stop::Done | Stop::Later { .. } | Stop::LostLease | Stop::Denied(_)) => {
                None
            }
            next => Some(Pass { manifest, seen, work, next }),
        }
    }

    fn perform(&self, state: &mut State, worker: usize, how: How) {
        let Some(pass) = state.workers[worker].take() else { return };
        let Pass { manifest, mut seen, work, next } = pass;
        let heard = match request(&next, manifest, &seen, how, self.bounds.variant) {
            Some(request) => self.sent(state, &request, how, &next),
            None => self.looked_or_stored(state, manifest, &work, &next),
        };
        if matches!(heard, Heard::Stored { .. }) {
            seen = state.manifests[usize::from(manifest)].clone();
        }
        state.workers[worker] = self.goes_on(manifest, seen, work, heard);
    }

    /// A request to Sage, and what its sender hears.
    fn sent(&self, state: &mut State, request: &Request, how: How, next: &Command) -> Heard {
        let unclear = Heard::Failed(Refusal::Unclear);
        match how {
            How::Well | How::EntryRefused(_) | How::Twice => {
                let neutralises = !matches!(next, Command::DeleteEntry(..))
                    || self.bounds.variant != Variant::NotNeutralised;
                let made = neutralises.then(|| state.sage.land(request)).flatten();
                if how == How::Twice {
                    state.unclear -= 1;
                    state.wire.push(request.clone());
                }
                made.map_or(Heard::Done, |number| Heard::Created(BatchNumber(number)))
            }
            How::Lost => {
                state.unclear -= 1;
                state.wire.push(request.clone());
                unclear
            }
            How::Refused => {
                state.refused -= 1;
                Heard::Failed(Refusal::Refused(String::new()))
            }
        }
    }

    fn looked_or_stored(
        &self,
        state: &mut State,
        manifest: u8,
        work: &Work,
        next: &Command,
    ) -> Heard {
        let place = usize::from(manifest);
        let variant = self.bounds.variant;
        let holds = match next {
            Command::LookUp => return Heard::Found(state.sage.heads(manifest)),
            Command::Read(number) => return self.read(state, *number),
            Command::Intend => state.manifests[place].intend(work.epoch),
            Command::CloseAttempt => state.manifests[place].close_attempt(work.epoch),
            Command::Commit(number) if variant == Variant::NoCommitPoint => {
                let commit = Commit::Batch(*number);
                let state_then = domain::manifest::ManifestState::Committed;
                state.manifests[place].write_commit(commit, state_then);
                true
            }
            Command::Commit(number) => {
                let holds = state.manifests[place].commit(*number);
                if !holds {
                    self.marks.loser_adopts.store(true, Ordering::Relaxed);
                }
                holds
            }
            Command::Abort(release) => return self.abort(state, manifest, release),
            Command::MarkFrozen(number) => state.manifests[place].mark_frozen(*number),
            Command::MarkPosting(number) => state.manifests[place].mark_posting(*number),
            Command::Finish(number, outcomes) => {
                self.finish(state, manifest, *number, outcomes);
                state.manifests[place].state.is_final()
            }
            Command::Hold(_) => {
                state.manifests[place].hold = true;
                true
            }
            other => unreachable!("{other:?} is sent, not stored"),
        };
        Heard::Stored { holds }
    }

    fn abort(&self, state: &mut State, manifest: u8, release: &Release) -> Heard {
        let sealed = &mut state.manifests[usize::from(manifest)];
        let now = match self.bounds.variant {
            Variant::AbortUnconditional => {
                let aborted = domain::manifest::ManifestState::Aborted;
                sealed.write_commit(Commit::Nothing, aborted);
                true
            }
            _ => sealed.abort(),
        };
        let holds = sealed.commit == Some(Commit::Nothing);
        if now {
            self.marks.abort_wins.store(true, Ordering::Relaxed);
            state.effects.iter_mut().for_each(|effect| effect.released(manifest, release));
        }
        Heard::Stored { holds }
    }

    fn finish(
        &self,
        state: &mut State,
        manifest: u8,
        number: BatchNumber,
        outcomes: &[EntryOutcome],
    ) {
        let sealed = &mut state.manifests[usize::from(manifest)];
        if !sealed.finish(number, outcomes) {
            return;
        }
        let effects = sealed.effects.clone();
        for ((effect, generation), outcome) in effects.into_iter().zip(outcomes) {
            if let EntryOutcome::Posted(posted) = outcome {
                if posted.batch != number {
                    self.marks.error_batch_adopted.store(true, Ordering::Relaxed);
                }
                if generation > 1 {
                    self.marks.released_and_posted.store(true, Ordering::Relaxed);
                }
            }
            state.effects[usize::from(effect)].ended(manifest, outcome);
        }
    }

    fn read(&self, state: &State, number: BatchNumber) -> Heard {
        let mut view = state.sage.view(number);
        let wrong = state.sage.numbered().find(|(_, batch)| batch.token.is_none());
        match (self.bounds.variant, &mut view, wrong) {
            (Variant::NotNeutralised, Some(view), _)
                if !view.head.description.starts_with("PTS1:")
                    && view.head.status == BatchStatus::Open =>
            {
                // It believes the entry is gone.
                view.entries.clear();
            }
            (Variant::FoundByDescription, Some(view), Some((first, _))) => {
                for entry in view.entries.iter_mut().filter(|entry| entry.error.is_some()) {
                    entry.error = Some((BatchNumber(first), 1));
                }
            }
            _ => {}
        }
        Heard::Batch(view.map(Box::new))
    }

    fn is_stray(&self, state: &State, number: i64) -> bool {
        let Some(batch) = state.sage.batch(number) else { return false };
        let Some((manifest, _)) = batch.token else { return false };
        let committed = state.manifests[usize::from(manifest)].commit;
        let elsewhere = match committed {
            None => self.bounds.variant == Variant::SweptBeforeCommit,
            Some(commit) => commit != Commit::Batch(BatchNumber(number)),
        };
        elsewhere && batch.status == BatchStatus::Open && !batch.entries.is_empty()
    }

    fn mark_landing(&self, state: &State, request: &Request) {
        if let Request::Create { manifest, .. } = request
            && state.manifests[usize::from(*manifest)].commit.is_some()
        {
            self.marks.late_create_after_commit.store(true, Ordering::Relaxed);
        }
    }

    /// Whether one worker, left alone, brings everything to its end from here: every worker dies, what
    /// is on its way lands, and nothing else goes wrong.
    pub fn ends_well(&self, state: &State) -> bool {
        let mut state = state.clone();
        state.workers = vec![None];
        state.sage.refusals = 0;
        while !state.wire.is_empty() {
            state = self.after(&state, &Action::Land(0));
        }
        state.unclear = 0;
        state.refused = 0;
        let print = fingerprint(&state);
        if self.good.lock().unwrap().contains(&print) {
            return true;
        }
        let good = self.brought_to_its_end(state);
        if good {
            self.good.lock().unwrap().insert(print);
        }
        good
    }

    fn brought_to_its_end(&self, mut state: State) -> bool {
        const PASSES: usize = 40;
        for _ in 0..PASSES {
            let open = state.manifests.iter().position(|manifest| {
                manifest.is_live() && !manifest.hold && usize::from(manifest.epoch) + 1 < EPOCHS
            });
            let Some(open) = open else { break };
            let manifest = u8::try_from(open).unwrap();
            state = self.after(&state, &Action::Begin { worker: 0, manifest });
            while state.workers[0].is_some() {
                state = self.after(&state, &Action::Perform { worker: 0, how: How::Well });
            }
        }
        state.effects.iter().all(|effect| match effect.standing {
            Standing::Posted | Standing::Held => true,
            Standing::Ready => false,
            Standing::Assigned => {
                effect.manifest.is_some_and(|by| state.manifests[usize::from(by)].hold)
            }
        })
    }
}

/// Each READY effect goes into a manifest of its own.
fn seal(state: &mut State) {
    for (number, effect) in (0..).zip(&mut state.effects) {
        if effect.standing == Standing::Ready {
            effect.standing = Standing::Assigned;
            effect.manifest = u8::try_from(state.manifests.len()).ok();
            state.manifests.push(Sealed::of(vec![(number, effect.generation)]));
        }
    }
}

/// What goes to Sage, if the command does.
fn request(
    command: &Command,
    manifest: u8,
    seen: &Sealed,
    how: How,
    variant: Variant,
) -> Option<Request> {
    Some(match command {
        Command::Create => Request::Create {
            manifest,
            epoch: seen.epoch,
            effects: seen.effects.iter().map(|(effect, _)| *effect).collect(),
            ready: variant == Variant::CreatedReady,
        },
        Command::Freeze(number) => Request::Freeze(number.0),
        Command::Post(number) => {
            let refused = match how {
                How::EntryRefused(place) => Some(place),
                _ => None,
            };
            Request::Post(number.0, refused)
        }
        Command::DeleteEntry(number, entry) => Request::Delete(number.0, *entry),
        _ => return None,
    })
}

fn fingerprint(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
