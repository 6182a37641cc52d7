//! Clock, queue, gateway and store with semantics, and the weather that troubles them all.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::id::{MerchantId, PaymentKey, ProfileId, TransactionId};
use domain::money::{Currency, Money};
use domain::transaction::{Kind, Payer, Status, Transaction};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ledger::memory::MemoryStore;
use ledger::memory::serial::Serial;
use ledger::memory::tables::{Fallible, Tables};
use ledger::store::StoreError;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Notify;

use crate::port::{CallError, Called, Clock, Gateway, Phase, Queue, QueueError, QueueName};

/// What may happen at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Well,
    /// Nothing happens at the other side; the caller is told so.
    NotSent,
    Throttled,
    /// Nothing happens, and the caller cannot know.
    LostBefore,
    /// It happens, and the caller cannot know.
    LostAfter,
    /// It happens later; the caller cannot know.
    Late,
    /// It happens, is answered, and happens once more later.
    Double,
}

/// Decides by seed what happens at each call, and when the process dies.
pub struct Weather {
    state: Mutex<State>,
    death: Notify,
}

struct State {
    rng: ChaCha8Rng,
    permille: u32,
    calls: u64,
    faults: u64,
    die_at: Option<(u64, bool)>,
    died: bool,
}

impl Weather {
    pub fn new(seed: u64, permille: u32) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let state = State { rng, permille, calls: 0, faults: 0, die_at: None, died: false };
        Self { state: Mutex::new(state), death: Notify::new() }
    }

    pub fn die_at(&self, call: u64, after: bool) {
        self.state.lock().unwrap().die_at = Some((call, after));
    }

    pub fn clear(&self) {
        self.state.lock().unwrap().permille = 0;
    }

    pub fn calls(&self) -> u64 {
        self.state.lock().unwrap().calls
    }

    pub fn faults(&self) -> u64 {
        self.state.lock().unwrap().faults
    }

    /// Whether the process died since last asked.
    pub fn died(&self) -> bool {
        std::mem::take(&mut self.state.lock().unwrap().died)
    }

    pub async fn death(&self) {
        self.death.notified().await;
    }

    /// Around a call: the process may die before it or after it.
    pub async fn around<T>(&self, call: impl FnOnce(Fate) -> T) -> T {
        let (fate, dies, gives_way) = self.fate();
        if gives_way {
            tokio::task::yield_now().await;
        }
        if dies == Some(false) {
            return self.die().await;
        }
        let answer = call(fate);
        if dies == Some(true) {
            return self.die().await;
        }
        answer
    }

    async fn die<T>(&self) -> T {
        self.state.lock().unwrap().died = true;
        self.death.notify_one();
        std::future::pending().await
    }

    /// What happens, whether the process dies before (or after) it, and whether others go first.
    fn fate(&self) -> (Fate, Option<bool>, bool) {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        let here = state.die_at.filter(|(call, _)| *call == state.calls);
        let gives_way = state.rng.random_bool(0.5);
        if state.rng.random_range(0..1_000) >= state.permille {
            return (Fate::Well, here.map(|(_, after)| after), gives_way);
        }
        state.faults += 1;
        let (fate, dies) = match state.rng.random_range(0..8) {
            0 => (Fate::NotSent, None),
            1 => (Fate::Throttled, None),
            2 => (Fate::LostBefore, None),
            3 => (Fate::LostAfter, None),
            4 => (Fate::Late, None),
            5 => (Fate::Double, None),
            6 => (Fate::Well, Some(false)),
            _ => (Fate::Well, Some(true)),
        };
        (fate, dies, gives_way)
    }
}

pub fn failed(phase: Phase) -> CallError {
    CallError {
        operation: "fake",
        phase,
        cause: None,
        message: String::new(),
        retry_after_ms: None,
    }
}

/// For a call that changes nothing at the other side.
pub fn read<T>(fate: Fate, value: T) -> Called<T> {
    match fate {
        Fate::Well | Fate::Double => Ok(value),
        Fate::NotSent => Err(failed(Phase::NotSent)),
        Fate::Throttled => Err(failed(Phase::Throttled)),
        Fate::LostBefore | Fate::LostAfter | Fate::Late => Err(failed(Phase::Unclear)),
    }
}

pub struct FakeClock(Mutex<Timestamp>);

impl Default for FakeClock {
    fn default() -> Self {
        Self(Mutex::new("2026-03-02T18:00:00Z".parse().unwrap()))
    }
}

impl FakeClock {
    pub fn advance_ms(&self, ms: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_millis(ms)).unwrap();
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        // Each reading is a little later than the one before.
        self.advance_ms(1);
        *self.0.lock().unwrap()
    }
}

type Message = (Timestamp, QueueName, String);

/// At least once, in any order the weather likes.
pub struct FakeQueue {
    clock: Arc<FakeClock>,
    weather: Arc<Weather>,
    waiting: Mutex<VecDeque<Message>>,
    taken: Mutex<Vec<(QueueName, String)>>,
}

impl FakeQueue {
    pub fn new(clock: Arc<FakeClock>, weather: Arc<Weather>) -> Self {
        Self { clock, weather, waiting: Mutex::default(), taken: Mutex::default() }
    }

    pub fn put(&self, queue: QueueName, body: String) {
        self.waiting.lock().unwrap().push_back((Timestamp::MIN, queue, body));
    }

    pub fn take(&self) -> Option<(QueueName, String)> {
        let now = self.clock.now();
        let mut waiting = self.waiting.lock().unwrap();
        let due = waiting.iter().position(|(at, _, _)| *at <= now)?;
        let (_, queue, body) = waiting.remove(due)?;
        self.taken.lock().unwrap().push((queue, body.clone()));
        Some((queue, body))
    }

    /// Acknowledges what was taken, or gives it back for later.
    pub fn settle(&self, done: bool, queue: QueueName, body: String) {
        let mut taken = self.taken.lock().unwrap();
        let this = taken.iter().position(|(q, b)| *q == queue && *b == body);
        taken.remove(this.unwrap());
        drop(taken);
        if !done {
            let later = self.clock.now().checked_add(SignedDuration::from_secs(3)).unwrap();
            self.waiting.lock().unwrap().push_back((later, queue, body));
        }
    }

    /// What a dead process had taken reappears.
    pub fn give_back(&self) {
        for (queue, body) in std::mem::take(&mut *self.taken.lock().unwrap()) {
            self.put(queue, body);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl Queue for FakeQueue {
    async fn send(
        &self,
        queue: QueueName,
        body: String,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        let delay = SignedDuration::from_secs(i64::from(delay_seconds));
        let at = self.clock.now().checked_add(delay).unwrap();
        self.weather
            .around(|fate| {
                let sent = !matches!(fate, Fate::NotSent | Fate::Throttled | Fate::LostBefore);
                if sent {
                    self.waiting.lock().unwrap().push_back((at, queue, body));
                }
                match fate {
                    Fate::Well | Fate::Double => Ok(()),
                    _ => Err(QueueError("the queue is troubled".into())),
                }
            })
            .await
    }
}

pub fn transaction_id(n: usize) -> TransactionId {
    TransactionId(format!("{}", 512_300_000 + n))
}

pub struct FakeGateway(pub Arc<Weather>);

#[async_trait]
impl Gateway for FakeGateway {
    async fn transaction(
        &self,
        merchant: &MerchantId,
        id: &TransactionId,
    ) -> Called<Option<Transaction>> {
        let n: i64 = id.as_str().parse().unwrap();
        let transaction = Transaction {
            key: PaymentKey { merchant: merchant.clone(), transaction: id.clone() },
            kind: Kind::Sale,
            status: Status::Pending,
            amount: Money::new(n - 512_300_000 + 100, Currency::USD),
            created: "2026-03-02T17:00:00Z".parse().unwrap(),
            settled: None,
            settlement_batch: None,
            invoice_id: String::new(),
            purchase_order: String::new(),
            description: String::new(),
            last4: "5439".into(),
            brand: "visa".into(),
            approval_code: String::new(),
            payer: Payer::default(),
        };
        self.0.around(|fate| read(fate, Some(transaction))).await
    }

    async fn created_between(&self, _: &MerchantId, _: Date, _: Date) -> Called<Vec<Transaction>> {
        self.0.around(|fate| read(fate, Vec::new())).await
    }

    async fn profile_email(&self, _: &MerchantId, _: &ProfileId) -> Called<Option<String>> {
        self.0.around(|fate| read(fate, None)).await
    }
}

/// The memory store behind a line that may break before or after the write.
pub struct FaultyStore {
    inner: MemoryStore,
    weather: Arc<Weather>,
}

impl FaultyStore {
    pub fn new(weather: Arc<Weather>) -> Self {
        Self { inner: MemoryStore::new(), weather }
    }

    pub fn inner(&self) -> &MemoryStore {
        &self.inner
    }
}

impl Serial for FaultyStore {
    async fn run<R, F>(&self, operation: &'static str, work: F) -> ledger::store::Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut dyn Tables) -> Fallible<R> + Send + 'static,
    {
        let broken = || StoreError { operation, source: "the store is troubled".into() };
        let fate = self.weather.around(|fate| fate).await;
        match fate {
            Fate::NotSent | Fate::Throttled | Fate::LostBefore => Err(broken()),
            Fate::Well | Fate::Double => self.inner.run(operation, work).await,
            Fate::LostAfter | Fate::Late => {
                self.inner.run(operation, work).await?;
                Err(broken())
            }
        }
    }
}
