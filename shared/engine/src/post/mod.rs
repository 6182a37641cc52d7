//! Post: READY effects become posted receipts. One writer per company at a time.
//!
//! 1. lease the company (for order and load; never for safety)
//! 2. seal READY effects into manifests
//! 3. drive every open manifest through the posting protocol as far as it will go
//! 4. now and then, empty the stray batches late creates left behind
//!
//! See `ledger::posting` for what is recorded after each step and how it is taken up again.

mod drive;
mod seal;
mod sweep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::exception::{Exception, ReasonCode};
use domain::id::{CompanyId, ManifestId};
use jiff::{SignedDuration, Timestamp};
use ledger::posting::Limits;
use ledger::store::{Lease, Store, StoreError};
use thiserror::Error;

use crate::port::{CallError, Clock, Erp, Queue, QueueError};

pub struct Post {
    pub erp: Arc<dyn Erp>,
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    /// Who this worker is; unique among all workers.
    pub owner: String,
    pub memory: Memory,
}

/// Times in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a READY effect waits for company before its manifest is sealed.
    pub linger_ms: i64,
    pub seal_max: usize,
    pub lease_ms: i64,
    pub limits: Limits,
    /// A manifest not posted after this long is put before a person.
    pub alarm_ms: i64,
    /// How long a late create is looked for after an unclear attempt.
    pub strays_ms: i64,
    /// How often they are looked for while there may be any, and how often anyway.
    pub sweep_ms: i64,
    pub sweep_idle_ms: i64,
}

/// What a worker remembers for speed only; losing it loses nothing.
#[derive(Default)]
pub struct Memory {
    not_before: Mutex<BTreeMap<ManifestId, Timestamp>>,
    swept: Mutex<BTreeMap<CompanyId, sweep::Swept>>,
}

/// The pass could not go on; what was recorded is taken up by the next one.
#[derive(Debug, Error)]
pub enum PostError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the queue failed")]
    Queue(#[from] QueueError),
    #[error("Sage did not answer usefully")]
    Call(#[from] CallError),
    #[error("amounts of one batch cannot be added up")]
    Money(#[from] domain::money::MoneyError),
}

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub sealed: usize,
    /// Manifests that reached their end.
    pub finished: usize,
    /// The earliest time at which running again may get further.
    pub next: Option<Timestamp>,
    /// Another worker has the company.
    pub busy: bool,
}

impl Post {
    /// Takes everything of the company as far as it will go now.
    ///
    /// # Errors
    /// When the store fails; run again later.
    pub async fn run(&self, company: &CompanyId) -> Result<Report, PostError> {
        let mut report = Report::default();
        if !self.store.lease_company(company, &self.lease()).await? {
            report.busy = true;
            return Ok(report);
        }
        self.seal(company, &mut report).await?;
        self.drive_all(company, &mut report).await?;
        self.sweep_when_due(company).await?;
        Ok(report)
    }

    fn lease(&self) -> Lease {
        let now = self.clock.now();
        Lease { owner: self.owner.clone(), now, until: after(now, self.settings.lease_ms) }
    }

    async fn raise(
        &self,
        reason: ReasonCode,
        subject: &str,
        evidence: &str,
    ) -> Result<(), PostError> {
        let exception = Exception::new(reason, subject, evidence, self.clock.now());
        self.store.raise(&exception).await?;
        Ok(())
    }
}

fn after(from: Timestamp, ms: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

fn since_ms(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond().saturating_sub(from.as_millisecond())
}
