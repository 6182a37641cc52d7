//! How others post, under the same faults: for honest comparison. Each is given what it needs to do
//! well: a batch of its own for each payment, posted by its number, and the same queue, which brings
//! back whatever failed.
//!
//! | | |
//! |---|---|
//! | `naive_retry` | on an error, do it again |
//! | `query_then_retry` | on an error, look in Sage for the payment; do it again when it is not there |
//! | `idempotency_record` | a record "in progress" first; deleted on an error; run again after its deadline |

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use assembly::vendors;
use domain::effect::{Content, Document, EffectKey, EffectKind, Extra};
use domain::id::{BatchNumber, MerchantId};
use domain::manifest::{Entry, Group, Manifest};
use domain::transaction::{Status, Transaction};
use engine::hint::Hint;
use engine::port::{CallError, Called, Erp, Gateway, QueueName};
use jiff::Timestamp;
use ledger::posting::BatchStatus;
use runtime::config::Config;
use sandbox::sage300::books::BatchStatus as Posted;
use serde::Serialize;

use super::carrier::SimReach;
use super::outside::{Outside, TENANTS, locked};
use super::process::Process;
use super::queue::{Message, ProcessQueue, after};
use super::secrets::Keyring;
use super::time::Time;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Opponent {
    NaiveRetry,
    QueryThenRetry,
    IdempotencyRecord,
}

impl Opponent {
    pub const ALL: [Self; 3] = [Self::NaiveRetry, Self::QueryThenRetry, Self::IdempotencyRecord];
}

/// What became of the payments: posted more than once, and not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    pub duplicates: u64,
    pub lost: u64,
    pub payments: u64,
}

/// The table behind the idempotency record; shared by all processes, and itself without faults.
#[derive(Default)]
pub struct Records(Mutex<BTreeMap<String, Option<Timestamp>>>);

/// How long a record in progress keeps others away: the time a function has.
const DEADLINE_MS: i64 = 300_000;
/// An attempt repeats a failed call so often before it gives the message back.
const TRIES: u32 = 3;

/// What one of an opponent's hosts is made of.
pub struct Parts {
    pub name: String,
    pub keys: Arc<Keyring>,
    pub records: Arc<Records>,
    /// Payments worked on at the same time.
    pub at_once: usize,
}

/// Runs one opponent's processes one after the other, for ever.
pub async fn keep_alive(
    outside: Arc<Outside>,
    opponent: Opponent,
    parts: Parts,
    config: &'static Config,
) {
    let Parts { name, keys, records, at_once } = parts;
    for life in 1_u32.. {
        let process = Arc::new(Process::new(format!("{name}-{life}"), 0));
        let reach = SimReach { outside: Arc::clone(&outside), process: Arc::clone(&process) };
        let secrets = keys.secrets();
        let gateway = vendors::gateway(config, &secrets, &reach);
        let erp = vendors::erp(config, &secrets, &reach);
        if let (Ok(gateway), Ok(erp)) = (gateway, erp) {
            let queue =
                ProcessQueue { outside: Arc::clone(&outside), process: Arc::clone(&process) };
            let records = Arc::clone(&records);
            let poster = Poster { opponent, gateway, erp, queue, records };
            process.live(poster.work(at_once)).await;
        }
        Time::pass(outside.chance.between(1_000, 60_000)).await;
    }
}

/// Counts receipts per payment in Sage itself.
pub fn score(outside: &Outside, payments: &[(usize, String)]) -> Score {
    let mut score = Score::default();
    for (tenant, id) in payments {
        let receipts = outside.with_sage(*tenant, |sage| {
            let posted = sage.company().receipt_batches().filter(|b| b.status == Posted::Posted);
            let entries = posted.flat_map(|batch| batch.entries);
            entries.filter(|entry| entry.reference == *id && entry.error.is_none()).count()
        });
        let receipts = u64::try_from(receipts.unwrap_or_default()).unwrap_or(0);
        score.payments = score.payments.saturating_add(1);
        score.duplicates = score.duplicates.saturating_add(receipts.saturating_sub(1));
        score.lost = score.lost.saturating_add(u64::from(receipts == 0));
    }
    score
}

struct Poster {
    opponent: Opponent,
    gateway: Arc<dyn Gateway>,
    erp: Arc<dyn Erp>,
    queue: ProcessQueue,
    records: Arc<Records>,
}

/// The message is to come again.
struct Again;

impl From<CallError> for Again {
    fn from(_: CallError) -> Self {
        Self
    }
}

impl Poster {
    async fn work(self, at_once: usize) {
        futures::future::join_all((0..at_once).map(|_| self.consume())).await;
    }

    async fn consume(&self) {
        loop {
            let taken = self.queue.receive(QueueName::Hints, 1);
            let Some(message) = taken.first().cloned() else {
                let outside = &self.queue.outside;
                outside.queue.rest(QueueName::Hints, outside.now(), 3_600_000).await;
                continue;
            };
            let failed = match self.handle(&message).await {
                Ok(()) => Vec::new(),
                Err(Again) => vec![message.id.to_string()],
            };
            self.queue.settle(QueueName::Hints, taken, &failed).await;
        }
    }

    async fn handle(&self, message: &Message) -> Result<(), Again> {
        let Ok(hint) = serde_json::from_str::<Hint>(&message.body) else { return Ok(()) };
        let payment = format!("{}/{}", hint.merchant, hint.transaction);
        if self.opponent != Opponent::IdempotencyRecord {
            return self.post(&hint).await;
        }
        let now = self.queue.outside.now();
        match self.claim(&payment, now) {
            Claim::Done => return Ok(()),
            Claim::Busy => return Err(Again),
            Claim::Ours => {}
        }
        let done = self.post(&hint).await;
        let mut records = locked(&self.records.0);
        match done {
            Ok(()) => records.insert(payment, None),
            // An exception deletes the record, so that the retry may run.
            Err(Again) => records.remove(&payment),
        };
        done
    }

    fn claim(&self, payment: &str, now: Timestamp) -> Claim {
        let mut records = locked(&self.records.0);
        match records.get(payment) {
            Some(None) => Claim::Done,
            Some(Some(until)) if *until > now => Claim::Busy,
            _ => {
                records.insert(payment.to_owned(), Some(after(now, DEADLINE_MS)));
                Claim::Ours
            }
        }
    }

    async fn post(&self, hint: &Hint) -> Result<(), Again> {
        let Some(transaction) = self.gateway.transaction(&hint.merchant, &hint.transaction).await?
        else {
            return Ok(());
        };
        if !matches!(transaction.status, Status::Pending | Status::Settled) {
            return Ok(());
        }
        let Some(batch) = self.batch_for(&hint.merchant, &transaction).await? else {
            return Ok(());
        };
        match self.opponent {
            Opponent::QueryThenRetry => self.look_first(&batch).await,
            Opponent::NaiveRetry => self.retry(&batch).await,
            Opponent::IdempotencyRecord => self.once(&batch).await,
        }
    }

    /// A batch with the payment alone in it.
    async fn batch_for(
        &self,
        merchant: &MerchantId,
        transaction: &Transaction,
    ) -> Result<Option<Manifest>, Again> {
        let Some(tenant) = TENANTS.iter().find(|t| t.merchant == merchant.as_str()) else {
            return Ok(None);
        };
        let company = tenant.company.into();
        let email = &transaction.payer.email;
        let Some(customer) = self.erp.customers_by_email(&company, email).await?.into_iter().next()
        else {
            return Ok(None);
        };
        let effect =
            EffectKey { payment: transaction.key.clone(), kind: EffectKind::Receipt, ordinal: 1 };
        let date = transaction.created.to_zoned(jiff::tz::TimeZone::UTC).date();
        let content = Content {
            company,
            bank: "SEATAC".to_owned(),
            customer: customer.number,
            amount: transaction.amount,
            reference: effect.reference(),
            posting_date: date,
            receipt_date: date,
            payment_code: "CCARD".to_owned(),
            description: String::new(),
            document: Document::UnappliedCash,
            extra: Extra::default(),
        };
        let group = Group::of(&content);
        let entry = Entry { effect, generation: 1, content };
        Ok(Manifest::seal(group, vec![entry], transaction.created).ok())
    }

    async fn once(&self, batch: &Manifest) -> Result<(), Again> {
        let number = self.erp.create_batch(batch, 1).await?;
        self.finish(batch, number).await
    }

    async fn retry(&self, batch: &Manifest) -> Result<(), Again> {
        for attempt in 0..TRIES {
            match self.erp.create_batch(batch, 1).await {
                Ok(number) => return self.finish(batch, number).await,
                Err(_) => pause(attempt).await,
            }
        }
        Err(Again)
    }

    async fn look_first(&self, batch: &Manifest) -> Result<(), Again> {
        for attempt in 0..TRIES {
            let found = self.erp.find_batches(&batch.group.company, &batch.token()).await?;
            let furthest = found.iter().max_by_key(|head| head.status);
            match furthest {
                Some(head) if head.status == BatchStatus::Posted => return Ok(()),
                Some(head) => return self.finish(batch, head.number).await,
                None => {}
            }
            match self.erp.create_batch(batch, 1).await {
                Ok(number) => return self.finish(batch, number).await,
                Err(_) => pause(attempt).await,
            }
        }
        Err(Again)
    }

    async fn finish(&self, batch: &Manifest, number: BatchNumber) -> Result<(), Again> {
        let company = &batch.group.company;
        again(|| self.erp.freeze_batch(company, number)).await?;
        again(|| self.erp.post_batch(company, number)).await
    }
}

enum Claim {
    Ours,
    Busy,
    Done,
}

/// A call that may be repeated, a few times.
async fn again<F>(call: impl Fn() -> F) -> Result<(), Again>
where
    F: Future<Output = Called<()>>,
{
    for attempt in 0..TRIES {
        if call().await.is_ok() {
            return Ok(());
        }
        pause(attempt).await;
    }
    Err(Again)
}

async fn pause(attempt: u32) {
    Time::pass(1_000_i64.saturating_mul(2_i64.saturating_pow(attempt))).await;
}
