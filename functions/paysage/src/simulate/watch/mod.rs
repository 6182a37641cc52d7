//! The invariants that hold at every moment, checked after every event that could break one.
//!
//! | | |
//! |---|---|
//! | I1 | at most one posted receipt of ours per transaction |
//! | I2 | POSTED in the store: exactly that entry is posted in Sage |
//! | I3 | a batch of ours that is frozen or posted is the one its manifest committed to |
//! | I4 | a commit never changes |
//! | I5 | what is posted is what the manifest says |
//! | I6 | an effect is in at most one live manifest |
//! | I9 | no refund document before its receipt |
//! | I10 | what was cancelled has no receipt |
//! | I15 | an ambiguous create is followed by a look-up before the next one |
//! | I19 | what is held says why |
//! | I21 | no more calls to Sage at once than allowed (in `carrier`) |
//! | I22 | tenants never see each other |

mod books;
mod creates;
pub mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::effect::{Effect, EffectKey, EffectKind, EffectState};
use domain::exception::{Exception, ReasonCode};
use domain::id::ManifestId;
use domain::manifest::{Manifest, ManifestState};

use super::journal::{Edge, Sometimes};
use super::outside::{Outside, TENANTS, locked};

#[derive(Default)]
pub struct Watch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Every effect there ever was.
    effects: BTreeSet<EffectKey>,
    /// The live manifest of each effect that has one.
    live: BTreeMap<EffectKey, ManifestId>,
    /// Effects that became POSTED in the operation under way.
    posted: Vec<Effect>,
    manifests: u64,
    books: books::Seen,
    creates: creates::Creates,
    /// Nothing is checked: for runs that only measure.
    blind: bool,
}

impl Watch {
    pub fn close_the_eyes(&self) {
        locked(&self.state).blind = true;
    }

    pub fn effect_written(&self, outside: &Outside, old: Option<&Effect>, new: &Effect) {
        let mut state = locked(&self.state);
        if state.blind {
            return;
        }
        let journal = &outside.journal;
        let from = old.map(|old| old.state);
        if from != Some(new.state) || new.state == EffectState::Held {
            journal.edge(Edge::Effect(from, new.state));
            journal.event(format!("      effect {} {from:?} to {:?}", new.key, new.state));
        }
        state.effects.insert(new.key.clone());
        match (from, new.state) {
            (Some(EffectState::Held), EffectState::Ready) => journal.reached(Sometimes::HeldHealed),
            (Some(EffectState::Assigned), EffectState::Held) => {
                let released =
                    new.hold.as_ref().is_some_and(|h| h.reason == ReasonCode::PostingRefused);
                if released {
                    state.books.was_released(new.key.reference());
                    journal.reached(Sometimes::EntryReleased);
                }
            }
            (_, EffectState::Cancelled) => {
                journal.reached(Sometimes::VoidInTime);
                if state.books.was_posted(&new.key.reference()) {
                    journal.violation("I10", &format!("{} is cancelled and posted", new.key));
                }
            }
            (_, EffectState::Posted) => state.posted.push(new.clone()),
            _ => {}
        }
        if new.key.kind == EffectKind::Refund {
            refund(outside, new);
        }
        let reasoned = new.hold.is_some() || new.state != EffectState::Held;
        if !reasoned {
            journal.violation("I19", &format!("{} is held without a reason", new.key));
        }
    }

    pub fn manifest_written(&self, outside: &Outside, old: Option<&Manifest>, new: &Manifest) {
        let mut state = locked(&self.state);
        if state.blind {
            return;
        }
        let journal = &outside.journal;
        let from = old.map(|old| old.state);
        if from != Some(new.state) {
            journal.edge(Edge::Manifest(from, new.state));
            journal.event(format!(
                "      manifest {} {from:?} to {:?} {:?}",
                new.id, new.state, new.commit
            ));
        }
        if from.is_none() {
            state.manifests = state.manifests.saturating_add(1);
        }
        if new.state == ManifestState::Aborted && from != Some(ManifestState::Aborted) {
            journal.reached(Sometimes::Aborted);
        }
        if let Some(before) = old.and_then(|old| old.commit)
            && new.commit != Some(before)
        {
            let evidence = format!("{} was committed to {before:?}, now {:?}", new.id, new.commit);
            journal.violation("I4", &evidence);
        }
        if old.is_none_or(|old| old.attempts.len() < new.attempts.len())
            && let Some((epoch, _)) = new.attempts.last_key_value()
        {
            state.creates.intended(&new.id, *epoch);
        }
        if new.hold.as_ref().is_some_and(|hold| hold.reason == ReasonCode::BatchChanged) {
            journal.reached(Sometimes::BatchHeld);
        }
        for entry in &new.entries {
            match state.live.get(&entry.effect) {
                Some(other) if *other != new.id && !new.state.is_final() => {
                    let evidence = format!("{} is in {other} and {}", entry.effect, new.id);
                    journal.violation("I6", &evidence);
                }
                _ if !new.state.is_final() => {
                    state.live.insert(entry.effect.clone(), new.id.clone());
                }
                Some(other) if *other == new.id => {
                    state.live.remove(&entry.effect);
                }
                _ => {}
            }
        }
    }

    pub fn exception_written(&self, outside: &Outside, exception: &Exception) {
        if exception.closed.is_some() {
            return;
        }
        let subject = &exception.subject;
        outside.journal.event(format!("      exception {} {subject}", exception.reason));
        match exception.reason {
            ReasonCode::SageDenied | ReasonCode::PayTraceDenied => {
                outside.journal.reached(Sometimes::Denied);
            }
            ReasonCode::VoidedAfterPosting => outside.journal.reached(Sometimes::VoidTooLate),
            _ => {}
        }
    }

    /// An operation of the store has ended: what it posted must be so in Sage.
    pub fn store_changed(&self, outside: &Arc<Outside>) {
        let posted = std::mem::take(&mut locked(&self.state).posted);
        for effect in posted {
            books::posted_is_so(outside, &effect);
        }
    }

    /// Manifests sealed so far.
    pub fn manifests(&self) -> u64 {
        locked(&self.state).manifests
    }

    /// Every effect there ever was, for the end.
    pub fn effects(&self) -> BTreeSet<EffectKey> {
        locked(&self.state).effects.clone()
    }
}

/// Until refunds are posted by the product they only wait for a person.
fn refund(outside: &Outside, effect: &Effect) {
    match effect.state {
        EffectState::Held => outside.journal.reached(Sometimes::RefundHeld),
        EffectState::Cancelled => {}
        state => outside.journal.violation("I9", &format!("{} is {state:?}", effect.key)),
    }
}

/// The tenant whose company it is.
fn tenant_of(company: &str) -> Option<usize> {
    TENANTS.iter().position(|tenant| tenant.company == company)
}
