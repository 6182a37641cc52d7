//! Where accepted events and refused card data go.

use async_trait::async_trait;
use domain::exception::ReasonCode;
use engine::intake::{Accepted, Intake, IntakeError};
use ledger::store::InboxEvent;

/// The way out of this function. [`Intake`] is the real one.
#[async_trait]
pub trait Accept: Send + Sync {
    /// Returns once the event is durable and its hint is queued.
    async fn accept(&self, event: &InboxEvent) -> Result<Accepted, IntakeError>;

    /// Puts a refused message before a person.
    async fn report(
        &self,
        reason: ReasonCode,
        subject: &str,
        evidence: &str,
    ) -> Result<(), IntakeError>;
}

#[async_trait]
impl Accept for Intake {
    async fn accept(&self, event: &InboxEvent) -> Result<Accepted, IntakeError> {
        Self::accept(self, event).await
    }

    async fn report(
        &self,
        reason: ReasonCode,
        subject: &str,
        evidence: &str,
    ) -> Result<(), IntakeError> {
        Self::report(self, reason, subject, evidence).await
    }
}
