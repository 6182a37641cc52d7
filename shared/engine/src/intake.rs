//! Intake: an authenticated event becomes durable, then a hint.
//!
//! 1. record the event (INBOX, put if absent)
//! 2. queue its hint
//! 3. answer the sender
//!
//! An interruption after 1 loses nothing: the sender's retry finds the event not worked off and
//! queues it again, and so does the sweep of old events. The transformer marks it worked off.

use std::sync::Arc;

use domain::exception::{Exception, ReasonCode};
use ledger::store::{Arrival, InboxEvent, Store, StoreError};
use thiserror::Error;

use crate::hint::Hint;
use crate::port::{Clock, Queue, QueueError, QueueName};

pub struct Intake {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
}

/// The event is not durably recorded or queued: answer 5xx, the sender repeats it.
#[derive(Debug, Error)]
pub enum IntakeError {
    #[error("the event could not be recorded")]
    Store(#[from] StoreError),
    #[error("the event could not be queued")]
    Queue(#[from] QueueError),
}

/// What the sender may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    New,
    Duplicate,
    /// The id was seen with another body: both are kept, PayTrace is re-read, finance is told.
    Changed,
}

impl Intake {
    /// Records the event and queues its hint. `event.transaction` must be present.
    ///
    /// # Errors
    /// When either write is not known to have succeeded.
    pub async fn accept(&self, event: &InboxEvent) -> Result<Accepted, IntakeError> {
        let (accepted, handled) = match self.store.insert_inbox(event).await? {
            Arrival::New => (Accepted::New, false),
            Arrival::Duplicate { handled } => (Accepted::Duplicate, handled),
            Arrival::Variant { .. } => {
                self.tell_of_variant(event).await?;
                (Accepted::Changed, false)
            }
        };
        if !handled {
            self.enqueue(event).await?;
        }
        Ok(accepted)
    }

    /// Puts a message before a person that was refused before it became an event.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn report(
        &self,
        reason: ReasonCode,
        subject: &str,
        evidence: &str,
    ) -> Result<(), IntakeError> {
        let exception = Exception::new(reason, subject, evidence, self.clock.now());
        self.store.raise(&exception).await?;
        Ok(())
    }

    async fn enqueue(&self, event: &InboxEvent) -> Result<(), IntakeError> {
        let Some(transaction) = &event.transaction else { return Ok(()) };
        let hint =
            Hint { event: Some(event.id.clone()), ..Hint::new(&event.merchant, transaction) };
        self.queue.send(QueueName::Hints, hint.body(), 0).await?;
        Ok(())
    }

    async fn tell_of_variant(&self, event: &InboxEvent) -> Result<(), IntakeError> {
        let subject = format!("{}/{}", event.merchant, event.id);
        let evidence = format!("a second body with SHA-256 {} arrived", event.body_hash);
        let exception =
            Exception::new(ReasonCode::PayloadChanged, &subject, &evidence, self.clock.now());
        self.store.raise(&exception.of(&event.merchant)).await?;
        Ok(())
    }
}
