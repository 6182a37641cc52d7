//! Transform: a hint becomes effects.
//!
//! 1. re-read the transaction from PayTrace (the hint is never believed)
//! 2. fold what it states into the payment's facts, write-once
//! 3. run the flows in force: they ask the books who the payer is and what is open, and decide
//! 4. record what was decided: effects, put if absent, under the customer's guard
//! 5. tell the poster; mark the event worked off
//!
//! Every step may be repeated after an interruption anywhere: facts and effects are already there
//! and are left as they are.

mod books;
mod decision;
mod party;
mod record;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::effect::Effect;
use domain::exception::{Exception, ReasonCode};
use domain::fact::{Facts, stated_by};
use domain::id::{CompanyId, MerchantId};
use domain::merchant::Merchant;
use domain::transaction::{Status, Transaction};
use jiff::Timestamp;
use ledger::decide::Desired;
use ledger::store::{Store, StoreError};
use thiserror::Error;

use crate::hint::{Hint, Ready};
use crate::port::{Advisor, CallError, Cause, Clock, Erp, Gateway, Queue, QueueError, QueueName};
use crate::releases::Published;

pub use books::SetupCache;
use decision::Case;

pub struct Transform {
    pub gateway: Arc<dyn Gateway>,
    pub erp: Arc<dyn Erp>,
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub merchants: BTreeMap<MerchantId, Merchant>,
    pub setup: SetupCache,
    /// The documents in force, which decide.
    pub published: Published,
    /// Asked about values that cannot be read for certain; none unless configured.
    pub advisor: Option<Arc<dyn Advisor>>,
    /// When each company's poster was last told: at most once per `linger_ms`.
    pub told: Mutex<BTreeMap<CompanyId, Timestamp>>,
    /// How long the poster lets effects gather; it is told to look after that.
    pub linger_ms: i64,
}

/// The hint is not done; deliver it again later. Nothing is lost and nothing is doubled by that.
#[derive(Debug, Error)]
pub enum TransformError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the queue failed")]
    Queue(#[from] QueueError),
    #[error("a vendor did not answer usefully")]
    Call(#[from] CallError),
    #[error("a flow cannot be started: {0}")]
    Flow(String),
    #[error("decisions for the customer kept changing; try again")]
    Contended,
    #[error("the payment was voided while its receipt is being posted; wait for the outcome")]
    VoidRacesPosting,
}

/// How often a decision is repeated because others decided for the same customer meanwhile.
const TRIES_MAX: u32 = 8;

impl Transform {
    /// Works off one hint.
    ///
    /// # Errors
    /// When it has to be delivered again.
    pub async fn work(&self, hint: &Hint) -> Result<(), TransformError> {
        let Some(merchant) = self.merchants.get(&hint.merchant) else {
            let evidence = format!("merchant `{}` is not configured", hint.merchant);
            return self.raise(hint, ReasonCode::MessageUndecodable, &evidence).await;
        };
        let read = self.gateway.transaction(&hint.merchant, &hint.transaction).await;
        match read {
            Ok(Some(transaction)) => self.transform(merchant, &transaction, hint).await?,
            Ok(None) => {
                let evidence = "PayTrace answered that it has no such transaction";
                self.raise(hint, ReasonCode::TransactionUnknown, evidence).await?;
            }
            Err(error) if error.cause == Some(Cause::Denied) => {
                self.denied(ReasonCode::PayTraceDenied, hint.merchant.as_str(), &error).await?;
                return Err(error.into());
            }
            Err(error) if error.cause == Some(Cause::Rule) => {
                self.raise(hint, ReasonCode::AmountInvalid, &error.to_string()).await?;
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(event) = &hint.event {
            self.store.mark_handled(&hint.merchant, event).await?;
        }
        Ok(())
    }

    async fn transform(
        &self,
        merchant: &Merchant,
        transaction: &Transaction,
        hint: &Hint,
    ) -> Result<(), TransformError> {
        if transaction.status == Status::Unknown {
            let evidence = "its status is outside the status table";
            return self.raise(hint, ReasonCode::StatusUnknown, evidence).await;
        }
        let folded = self.store.fold_facts(&transaction.key, &stated_by(transaction)).await?;
        if !folded.conflicts.is_empty() {
            let evidence = format!("changed: {:?}", folded.conflicts);
            self.raise(hint, ReasonCode::FactChanged, &evidence).await?;
        }
        let mut facts = folded.facts;
        for tried in 0..TRIES_MAX {
            // Facts come first: where none stood, nothing was decided, and putting if absent holds.
            let fresh = folded.first && tried == 0;
            let effects = if fresh { Vec::new() } else { self.effects(transaction).await? };
            let case = Case { merchant, transaction, facts: &facts, effects: &effects, hint };
            let (desired, guard) = match self.desired(&case).await {
                Err(TransformError::Call(error)) if error.cause == Some(Cause::Denied) => {
                    let company = merchant.company.as_str();
                    self.denied(ReasonCode::SageDenied, company, &error).await?;
                    self.setup.denied(&merchant.company);
                    return Err(error.into());
                }
                other => other?,
            };
            if !self.record(hint, &desired, guard.as_ref()).await? {
                continue;
            }
            let now_known = self.facts_after(transaction, &desired).await?;
            if now_known.as_ref().is_none_or(|known| *known == facts) {
                return self.tell_poster(merchant, &desired).await;
            }
            facts = now_known.unwrap_or_default();
        }
        Err(TransformError::Contended)
    }

    /// The facts as they stand once an effect was recorded. A void folded while its sale was being
    /// decided found nothing to cancel: either it finds the effect, or it is found here.
    async fn facts_after(
        &self,
        transaction: &Transaction,
        recorded: &[Desired],
    ) -> Result<Option<Facts>, TransformError> {
        if recorded.iter().all(|desired| matches!(desired, Desired::Cancelled(_))) {
            return Ok(None);
        }
        Ok(Some(self.store.facts(&transaction.key).await?))
    }

    async fn effects(&self, transaction: &Transaction) -> Result<Vec<Effect>, TransformError> {
        let payment = self.store.payment(&transaction.key).await?;
        Ok(payment.map(|payment| payment.effects).unwrap_or_default())
    }

    async fn tell_poster(
        &self,
        merchant: &Merchant,
        desired: &[Desired],
    ) -> Result<(), TransformError> {
        let ready = desired.iter().any(|d| matches!(d, Desired::Document(..)));
        if ready && self.may_tell(&merchant.company) {
            let body = Ready::body(&merchant.company);
            let delay_seconds =
                u32::try_from(self.linger_ms.max(0).saturating_add(999) / 1_000).unwrap_or(60);
            self.queue.send(QueueName::EffectsReady, body, delay_seconds).await?;
        }
        Ok(())
    }

    /// The poster also runs on a schedule: telling it is a matter of speed, not of loss.
    fn may_tell(&self, company: &CompanyId) -> bool {
        let now = self.clock.now();
        let Ok(mut told) = self.told.lock() else { return true };
        let due = told.get(company).is_none_or(|last| {
            now.as_millisecond().saturating_sub(last.as_millisecond()) >= self.linger_ms
        });
        if due {
            told.insert(company.clone(), now);
        }
        due
    }

    async fn raise(
        &self,
        hint: &Hint,
        reason: ReasonCode,
        evidence: &str,
    ) -> Result<(), TransformError> {
        let subject = format!("{}/{}", hint.merchant, hint.transaction);
        let exception = Exception::new(reason, &subject, evidence, self.clock.now());
        self.store.raise(&exception.of(&hint.merchant)).await?;
        Ok(())
    }

    async fn denied(
        &self,
        reason: ReasonCode,
        subject: &str,
        error: &CallError,
    ) -> Result<(), TransformError> {
        let exception = Exception::new(reason, subject, &error.to_string(), self.clock.now());
        self.store.raise(&exception).await?;
        Ok(())
    }
}
