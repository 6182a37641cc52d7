//! Poll: transactions PayTrace shows that we have not taken in yet become hints. A webhook that was
//! lost or never sent costs minutes, not money.
//!
//! 1. read all transactions created since the watermark, less an overlap, day by day
//! 2. queue a hint for each whose stated facts are not all recorded
//! 3. move the watermark to when the reading began
//!
//! Interrupted anywhere, the same window is read again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::exception::{Exception, ReasonCode};
use domain::fact::stated_by;
use domain::id::{MerchantId, PaymentKey};
use domain::merchant::Merchant;
use domain::transaction::{Status, Transaction};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ledger::decide::{needs_books, receipt_key};
use ledger::store::{Store, StoreError};
use thiserror::Error;

use crate::hint::Hint;
use crate::port::{CallError, Cause, Clock, Gateway, Queue, QueueError, QueueName};

pub struct Poll {
    pub gateway: Arc<dyn Gateway>,
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub memory: Memory,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How far each window reaches back behind the watermark.
    pub overlap_hours: i64,
    /// How far the very first window reaches back.
    pub first_days: i64,
    /// An event recorded this long ago and not worked off is queued again.
    pub stale_event_ms: i64,
}

/// Transactions already known to be taken in, with what they stated. For speed only.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<PaymentKey, Status>>);

#[derive(Debug, Error)]
pub enum PollError {
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the queue failed")]
    Queue(#[from] QueueError),
    #[error("PayTrace did not answer usefully")]
    Call(#[from] CallError),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub seen: usize,
    pub hinted: usize,
}

impl Poll {
    /// Polls one merchant.
    ///
    /// # Errors
    /// When a window was not read whole; the watermark then stays.
    pub async fn run(&self, merchant: &Merchant) -> Result<Report, PollError> {
        let now = self.clock.now();
        let name = format!("poll:{}", merchant.id);
        let watermark = self.store.watermark(&name).await?.map(|mark| mark.at);
        let read = self.window(merchant, watermark, now).await;
        let transactions = match read {
            Err(error) if error.cause == Some(Cause::Denied) => {
                let subject = merchant.id.as_str();
                let evidence = error.to_string();
                let reason = ReasonCode::PayTraceDenied;
                let exception = Exception::new(reason, subject, &evidence, now);
                self.store.raise(&exception.of(&merchant.id)).await?;
                return Err(error.into());
            }
            other => other?,
        };
        let mut report = Report { seen: transactions.len(), hinted: 0 };
        for transaction in &transactions {
            if !self.taken_in(transaction).await? {
                let hint = Hint::new(&merchant.id, &transaction.key.transaction);
                self.queue.send(QueueName::Hints, hint.body(), 0).await?;
                report.hinted = report.hinted.saturating_add(1);
            }
        }
        self.store.advance_watermark(&name, now).await?;
        self.admitted(&merchant.id, now).await?;
        Ok(report)
    }

    /// Queues again the events whose hint may have been lost between recording and queueing.
    ///
    /// # Errors
    /// When the store or queue fails; the next run does it.
    pub async fn requeue_stale_events(&self) -> Result<usize, PollError> {
        const PAGE: usize = 500;
        let before = minus(self.clock.now(), self.settings.stale_event_ms);
        let stale = self.store.events_not_handled(before, PAGE).await?;
        for event in &stale {
            if let Some(transaction) = &event.transaction {
                let hint = Hint {
                    event: Some(event.id.clone()),
                    ..Hint::new(&event.merchant, transaction)
                };
                self.queue.send(QueueName::Hints, hint.body(), 0).await?;
            }
        }
        Ok(stale.len())
    }

    async fn window(
        &self,
        merchant: &Merchant,
        watermark: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<Transaction>, CallError> {
        const HOUR_MS: i64 = 3_600_000;
        const DAY_MS: i64 = 24 * HOUR_MS;
        let zone = TimeZone::get(&merchant.zone).unwrap_or(TimeZone::UTC);
        let from = match watermark {
            Some(at) => minus(at, self.settings.overlap_hours.saturating_mul(HOUR_MS)),
            None => minus(now, self.settings.first_days.saturating_mul(DAY_MS)),
        };
        let first = from.to_zoned(zone.clone()).date();
        let last = now.to_zoned(zone).date();
        self.gateway.created_between(&merchant.id, first, last).await
    }

    /// All facts the transaction states are recorded, and so is what they lead to.
    async fn taken_in(&self, transaction: &Transaction) -> Result<bool, PollError> {
        let stated = stated_by(transaction);
        if stated.is_empty() && transaction.status != Status::Unknown {
            return Ok(true);
        }
        if self.memory.knows(transaction) {
            return Ok(true);
        }
        let Some(payment) = self.store.payment(&transaction.key).await? else { return Ok(false) };
        let recorded = stated.keys().all(|name| payment.facts.contains_key(name));
        let decided = !needs_books(&payment.facts)
            || payment.effects.iter().any(|effect| effect.key == receipt_key(transaction));
        let taken_in = recorded && decided && !stated.is_empty();
        if taken_in {
            self.memory.learn(transaction);
        }
        Ok(taken_in)
    }

    async fn admitted(&self, merchant: &MerchantId, now: Timestamp) -> Result<(), PollError> {
        let id = format!("{}:{merchant}", ReasonCode::PayTraceDenied);
        self.store.close_exception(&id, now).await?;
        Ok(())
    }
}

impl Memory {
    const KEPT_MAX: usize = 100_000;

    fn knows(&self, transaction: &Transaction) -> bool {
        let Ok(map) = self.0.lock() else { return false };
        map.get(&transaction.key).is_some_and(|status| *status == transaction.status)
    }

    fn learn(&self, transaction: &Transaction) {
        if let Ok(mut map) = self.0.lock() {
            if map.len() >= Self::KEPT_MAX {
                map.clear();
            }
            map.insert(transaction.key.clone(), transaction.status);
        }
    }
}

fn minus(from: Timestamp, ms: i64) -> Timestamp {
    from.checked_sub(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MIN)
}
