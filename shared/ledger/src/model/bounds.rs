//! What must hold, and how far each check goes.

use domain::id::BatchNumber;
use domain::manifest::Commit;
use stateright::{Model, Property};

use super::variant::Variant;
use super::world::{Action, Bounds, State, World};
use crate::posting::BatchStatus;

impl Bounds {
    /// Creates that land late or twice, between two workers.
    pub fn late() -> Self {
        Self {
            name: "late",
            workers: 2,
            effects: 1,
            epochs: 3,
            manifests: 3,
            batches: 4,
            unclear: 2,
            refused: 0,
            refusals: 0,
            person: true,
            variant: Variant::Sound,
        }
    }

    pub fn three_workers() -> Self {
        Self { name: "three workers", workers: 3, batches: 3, unclear: 1, ..Self::late() }
    }

    /// A create is refused: the manifest is aborted and its two effects come apart.
    pub fn refused() -> Self {
        let name = "refused";
        Self { name, effects: 2, epochs: 2, batches: 3, unclear: 0, refused: 1, ..Self::late() }
    }

    /// The same with an answer lost, for one effect that is tried again once it is mended.
    pub fn refused_and_late() -> Self {
        Self { name: "refused and late", effects: 1, unclear: 1, ..Self::refused() }
    }

    /// Posting refuses an entry, and a person is at the error batch.
    pub fn partial() -> Self {
        Self { name: "partial", epochs: 2, unclear: 1, refusals: 1, ..Self::late() }
    }

    pub fn partial_twice() -> Self {
        Self { name: "partial twice", batches: 5, unclear: 0, refusals: 2, ..Self::partial() }
    }

    pub fn broken(self, variant: Variant) -> Self {
        Self { variant, ..self }
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        Some(self.after(last, &action))
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.manifests.len() <= self.bounds.manifests
            && state.sage.batches.len() <= self.bounds.batches
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always("I1", |_, state: &State| one_receipt(state)),
            Property::always("I3", |_, state: &State| only_the_committed(state)),
            Property::always("I4", |_, state: &State| commits_stay(state)),
            Property::always("I5", |_, state: &State| committed_whole(state)),
            Property::always("I6", |_, state: &State| one_live_manifest(state)),
            Property::always("ends well", |world: &Self, state: &State| world.ends_well(state)),
        ];
        if let Some(target) = refuted_by(self.bounds.variant) {
            all.retain(|property| property.name == target);
        }
        all
    }
}

/// The invariant a broken variant is expected to break.
pub fn refuted_by(variant: Variant) -> Option<&'static str> {
    Some(match variant {
        Variant::Sound => return None,
        Variant::CreatedReady
        | Variant::NoCommitPoint
        | Variant::ReleasedOnTimeOut
        | Variant::NotNeutralised
        | Variant::FoundByDescription => "I1",
        Variant::SweptBeforeCommit => "I5",
        Variant::AbortUnconditional => "I4",
    })
}

fn one_receipt(state: &State) -> bool {
    (0..).zip(&state.effects).all(|(number, _)| state.sage.posted(number) <= 1)
}

fn only_the_committed(state: &State) -> bool {
    state.sage.numbered().all(|(number, batch)| match batch.token {
        Some((manifest, _)) if batch.status != BatchStatus::Open => {
            let commit = state.manifests[usize::from(manifest)].commit;
            commit == Some(Commit::Batch(BatchNumber(number)))
        }
        _ => true,
    })
}

fn commits_stay(state: &State) -> bool {
    state.manifests.iter().all(|manifest| manifest.commit == manifest.first_commit)
}

fn committed_whole(state: &State) -> bool {
    state.manifests.iter().all(|manifest| match manifest.commit {
        Some(Commit::Batch(number)) => state.sage.batch(number.0).is_some_and(|batch| {
            let there = batch.entries.iter().map(|line| line.effect);
            there.eq(manifest.effects.iter().map(|(effect, _)| *effect))
        }),
        _ => true,
    })
}

fn one_live_manifest(state: &State) -> bool {
    let live = || state.manifests.iter().filter(|manifest| manifest.is_live());
    (0..).zip(&state.effects).all(|(number, _): (u8, _)| {
        live().filter(|m| m.effects.iter().any(|(effect, _)| *effect == number)).count() <= 1
    })
}
