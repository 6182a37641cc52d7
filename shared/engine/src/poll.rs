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

use domain::effect::EffectState;
use domain::exception::{Exception, ReasonCode};
use domain::fact::{FactName, FactValue, stated_by};
use domain::id::{EventId, MerchantId, PaymentKey};
use domain::merchant::Merchant;
use domain::money::Money;
use domain::transaction::{Status, Transaction};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ledger::decide::{may_heal, needs_books, receipt_key};
use ledger::store::{EffectQuery, InboxEvent, Payment, Store, StoreError};
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
    /// How often what is held is looked at again: a person may have put it right in Sage.
    pub recheck_held_ms: i64,
}

/// What a reading of a transaction brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// All facts it states are recorded, and so is what they lead to.
    None,
    /// Something of that is still to be done.
    Wanting,
    /// It states something else than what is recorded.
    Changed,
}

/// What was done about transactions seen before. For speed only: losing it repeats hints, which
/// changes nothing.
#[derive(Default)]
pub struct Memory {
    seen: Mutex<BTreeMap<PaymentKey, (Glance, Known)>>,
    rechecked: Mutex<Option<Timestamp>>,
    /// When an event was last queued again, and how often: each time it is left alone for longer, so
    /// that what cannot be worked off for hours does not fill the queue with its copies.
    requeued: Mutex<BTreeMap<(MerchantId, EventId), (Timestamp, u32)>>,
}

/// What PayTrace may state anew of a transaction it has stated before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Glance {
    status: Status,
    amount: Money,
    settlement_batch: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    TakenIn,
    /// Its hint was queued then, the so-manieth time; another one is not needed for a while, which
    /// is longer each time.
    Hinted(Timestamp, u32),
}

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

/// Transactions looked up and hinted at at the same time.
const AT_ONCE: usize = 32;

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
        let seen = transactions.len();
        let hinted: Vec<bool> = stream::iter(transactions)
            .map(|transaction| self.hint(transaction))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let hinted = hinted.into_iter().filter(|hinted| *hinted).count();
        let report = Report { seen, hinted };
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
        let stale = self.store.events_not_handled(self.stale(), PAGE).await?;
        let now = self.clock.now();
        let mut requeued = 0_usize;
        for event in &stale {
            let Some(transaction) = &event.transaction else { continue };
            let (last, times) = self.memory.requeued(event);
            if !self.has_passed(last, times) {
                continue;
            }
            let hint =
                Hint { event: Some(event.id.clone()), ..Hint::new(&event.merchant, transaction) };
            self.queue.send(QueueName::Hints, hint.body(), 0).await?;
            self.memory.requeue(event, now, times);
            requeued = requeued.saturating_add(1);
        }
        Ok(requeued)
    }

    /// What was queued before this may have been lost.
    fn stale(&self) -> Timestamp {
        minus(self.clock.now(), self.settings.stale_event_ms)
    }

    /// Has held effects decided again, now and then, where the cause may have been put right. A
    /// decision that comes out the same writes nothing.
    ///
    /// # Errors
    /// When the store or queue fails; the next run does it.
    pub async fn recheck_held(&self) -> Result<usize, PollError> {
        const PAGE: usize = 500;
        if !self.memory.may_recheck(self.clock.now(), self.settings.recheck_held_ms) {
            return Ok(0);
        }
        let query = EffectQuery { company: None, state: EffectState::Held, limit: PAGE };
        let held = self.store.effects_by_state(&query).await?;
        let mut hinted = 0_usize;
        for effect in held.iter().filter(|effect| may_heal(effect)) {
            let PaymentKey { merchant, transaction } = &effect.key.payment;
            let hint = Hint { redecide: true, ..Hint::new(merchant, transaction) };
            self.queue.send(QueueName::Hints, hint.body(), 0).await?;
            hinted = hinted.saturating_add(1);
        }
        Ok(hinted)
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

    /// Queues a hint unless the transaction is taken in, or was hinted at a moment ago. What PayTrace
    /// states otherwise than it did is hinted at once: the transformer puts it before a person.
    async fn hint(&self, transaction: Transaction) -> Result<bool, PollError> {
        let news = self.news(&transaction).await?;
        if news != News::None {
            let PaymentKey { merchant, transaction: id } = &transaction.key;
            self.queue.send(QueueName::Hints, Hint::new(merchant, id).body(), 0).await?;
        }
        let known = match news {
            News::Wanting => Known::Hinted(self.clock.now(), self.times_hinted(&transaction)),
            News::None if self.memory.known(&transaction).is_some() => return Ok(false),
            News::None | News::Changed => Known::TakenIn,
        };
        self.memory.learn(&transaction, known);
        Ok(news != News::None)
    }

    fn times_hinted(&self, transaction: &Transaction) -> u32 {
        match self.memory.known(transaction) {
            Some(Known::Hinted(_, times)) => times.saturating_add(1),
            _ => 0,
        }
    }

    /// Whether what was queued then, the so-manieth time, may be queued once more.
    fn has_passed(&self, at: Timestamp, times: u32) -> bool {
        let wait_ms = self.settings.stale_event_ms.saturating_mul(2_i64.saturating_pow(times));
        at <= minus(self.clock.now(), wait_ms)
    }

    async fn news(&self, transaction: &Transaction) -> Result<News, PollError> {
        let stated = stated_by(transaction);
        if stated.is_empty() && transaction.status != Status::Unknown {
            return Ok(News::None);
        }
        match self.memory.known(transaction) {
            Some(Known::TakenIn) => return Ok(News::None),
            Some(Known::Hinted(at, times)) if !self.has_passed(at, times) => {
                return Ok(News::None);
            }
            _ => {}
        }
        let payment = self.store.payment(&transaction.key).await?;
        let Some(payment) = payment.filter(|_| !stated.is_empty()) else {
            return Ok(News::Wanting);
        };
        if let Some(news) = void_to_follow(&payment, transaction) {
            return Ok(news);
        }
        let recorded = stated.keys().all(|name| payment.facts.contains_key(name));
        let decided = !needs_books(&payment.facts)
            || payment.effects.iter().any(|effect| effect.key == receipt_key(transaction));
        let agrees = |(name, value): (&FactName, &FactValue)| {
            payment.facts.get(name).is_some_and(|known| known.agrees_with(value))
        };
        Ok(match recorded && decided {
            false => News::Wanting,
            true if stated.iter().all(agrees) => News::None,
            true => News::Changed,
        })
    }

    async fn admitted(&self, merchant: &MerchantId, now: Timestamp) -> Result<(), PollError> {
        let id = format!("{}:{merchant}", ReasonCode::PayTraceDenied);
        self.store.close_exception(&id, now).await?;
        Ok(())
    }
}

impl Glance {
    fn at(transaction: &Transaction) -> Self {
        Self {
            status: transaction.status,
            amount: transaction.amount,
            settlement_batch: transaction.settlement_batch.clone(),
        }
    }
}

impl Memory {
    const KEPT_MAX: usize = 100_000;

    fn may_recheck(&self, now: Timestamp, interval_ms: i64) -> bool {
        let Ok(mut last) = self.rechecked.lock() else { return false };
        let due = last.is_none_or(|last| last <= minus(now, interval_ms));
        if due {
            *last = Some(now);
        }
        due
    }

    /// When the event was queued last, and how often before.
    fn requeued(&self, event: &InboxEvent) -> (Timestamp, u32) {
        let first = (event.received, 0);
        let Ok(map) = self.requeued.lock() else { return first };
        map.get(&(event.merchant.clone(), event.id.clone())).copied().unwrap_or(first)
    }

    fn requeue(&self, event: &InboxEvent, now: Timestamp, times: u32) {
        let Ok(mut map) = self.requeued.lock() else { return };
        if map.len() >= Self::KEPT_MAX {
            map.clear();
        }
        let key = (event.merchant.clone(), event.id.clone());
        map.insert(key, (now, times.saturating_add(1)));
    }

    fn known(&self, transaction: &Transaction) -> Option<Known> {
        let map = self.seen.lock().ok()?;
        let (glance, known) = map.get(&transaction.key)?;
        (*glance == Glance::at(transaction)).then_some(*known)
    }

    fn learn(&self, transaction: &Transaction, known: Known) {
        if let Ok(mut map) = self.seen.lock() {
            if map.len() >= Self::KEPT_MAX {
                map.clear();
            }
            map.insert(transaction.key.clone(), (Glance::at(transaction), known));
        }
    }
}

/// A void that is recorded has cancelled the receipt, or it is still to be acted on: the message that
/// brought it may have failed in the middle while its twin, which saw nothing of it, was
/// acknowledged. Of a posted receipt a person is told once more than needed rather than never.
fn void_to_follow(payment: &Payment, transaction: &Transaction) -> Option<News> {
    let receipt = receipt_key(transaction);
    let effect = payment.effects.iter().find(|effect| effect.key == receipt)?;
    if !payment.facts.contains_key(&FactName::Voided) {
        return None;
    }
    match effect.state {
        EffectState::Cancelled => None,
        EffectState::Posted => Some(News::Changed),
        EffectState::Ready | EffectState::Assigned | EffectState::Held => Some(News::Wanting),
    }
}

fn minus(from: Timestamp, ms: i64) -> Timestamp {
    from.checked_sub(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MIN)
}
