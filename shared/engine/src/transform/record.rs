//! Recording what was decided: put if absent, or a new decision for an effect that is held.

use domain::effect::{Effect, EffectKey, EffectState, Hold};
use domain::exception::{Exception, ReasonCode};
use ledger::decide::Desired;
use ledger::store::{Changed, Decision, Guard, Inserted};

use super::{Transform, TransformError};
use crate::hint::Hint;

impl Transform {
    /// False when the books moved meanwhile and everything must be decided again.
    pub(super) async fn record(
        &self,
        hint: &Hint,
        desired: &[Desired],
        guard: Option<&Guard>,
    ) -> Result<bool, TransformError> {
        for want in desired {
            let done = match want {
                Desired::Document(key, content) => {
                    let effect = Effect::ready(key.clone(), (**content).clone(), self.clock.now());
                    let decision = Decision::Ready(content.clone());
                    self.put(hint, effect, &decision, guard).await?
                }
                Desired::Held(key, what, hold) => {
                    let now = self.clock.now();
                    let effect = Effect::held(key.clone(), what.clone(), hold.clone(), now);
                    self.put(hint, effect, &Decision::Held(hold.clone()), None).await?
                }
                Desired::Cancelled(key) => {
                    self.cancel(key).await?;
                    true
                }
            };
            if !done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn put(
        &self,
        hint: &Hint,
        effect: Effect,
        decision: &Decision,
        guard: Option<&Guard>,
    ) -> Result<bool, TransformError> {
        let stored = match self.store.insert_effect(&effect, guard).await? {
            Inserted::New => return Ok(true),
            Inserted::Stale => return Ok(false),
            Inserted::Exists(stored) => stored,
        };
        if !hint.redecide || stored.state != EffectState::Held || unchanged(&stored, decision) {
            return Ok(true);
        }
        let generation = stored.generation;
        let changed = self.store.decide_effect(&effect.key, generation, decision, guard).await?;
        Ok(!matches!(changed, Changed::Stale))
    }

    /// A void. Before posting it cancels; while posting nobody knows yet; afterwards a person must
    /// reverse the receipt.
    async fn cancel(&self, key: &EffectKey) -> Result<(), TransformError> {
        let Changed::Refused(effect) = self.store.cancel_effect(key).await? else { return Ok(()) };
        match (effect.state, &effect.posted) {
            (EffectState::Posted, Some(posted)) => {
                let evidence = format!(
                    "receipt {} (batch {}, entry {}) of {} was posted before the void",
                    posted.document, posted.batch, posted.entry, effect.amount
                );
                let subject = key.payment.to_string();
                let now = self.clock.now();
                let reason = ReasonCode::VoidedAfterPosting;
                let exception = Exception::new(reason, &subject, &evidence, now);
                self.store.raise(&exception.of(effect.merchant())).await?;
                Ok(())
            }
            _ => self.void_of_assigned(&effect).await,
        }
    }

    /// Its manifest will decide, unless that waits for a person: then so does the void.
    async fn void_of_assigned(&self, effect: &Effect) -> Result<(), TransformError> {
        let Some(id) = &effect.manifest else { return Err(TransformError::VoidRacesPosting) };
        let manifest = self.store.manifest(id).await?;
        let Some((manifest, hold)) = manifest.and_then(|m| m.hold.clone().map(|hold| (m, hold)))
        else {
            return Err(TransformError::VoidRacesPosting);
        };
        let evidence = format!(
            "voided while its batch ({:?}, manifest {id}) is held: {}, {}",
            manifest.commit, hold.reason, hold.evidence
        );
        let subject = effect.key.payment.to_string();
        let now = self.clock.now();
        let exception = Exception::new(ReasonCode::VoidedAfterPosting, &subject, &evidence, now);
        self.store.raise(&exception.of(effect.merchant())).await?;
        Ok(())
    }
}

/// Held before and held again for the same reason: nothing to write.
fn unchanged(stored: &Effect, decision: &Decision) -> bool {
    match (&stored.hold, decision) {
        (Some(Hold { reason, evidence }), Decision::Held(now)) => {
            *reason == now.reason && *evidence == now.evidence
        }
        _ => false,
    }
}
