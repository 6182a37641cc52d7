//! What all processes share: time, chance, the vendors, the store, the queues, and the account of
//! what happens. Every call of a process to any of them passes through here.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use jiff::Timestamp;
use ledger::memory::MemoryStore;
use sandbox::paytrace::{PaytraceConfig, PaytraceSim};
use sandbox::sage300::books::{Books, Options};
use sandbox::sage300::{Sage300Config, Sage300Sim};
use sandbox::sim::{SimReply, SimRequest, Simulator};

use super::chance::Chance;
use super::fault::{Fault, Scripted, Weather};
use super::injected::Injected;
use super::journal::{Journal, Sometimes};
use super::process::Process;
use super::queue::SimQueue;
use super::time::Time;
use super::watch::Watch;

/// One Sage company and the PayTrace account of the merchant whose books it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    pub company: &'static str,
    pub merchant: &'static str,
    pub endpoint: &'static str,
    pub sage_port: u16,
    pub paytrace_port: u16,
    pub first_transaction: i64,
}

pub const TENANTS: [Tenant; 2] = [
    Tenant {
        company: "SAMLTD",
        merchant: "main",
        endpoint: "relay",
        sage_port: 9001,
        paytrace_port: 9011,
        first_transaction: 512_300_001,
    },
    Tenant {
        company: "SAMINC",
        merchant: "other",
        endpoint: "second",
        sage_port: 9002,
        paytrace_port: 9012,
        first_transaction: 700_000_001,
    },
];

/// Which vendor a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    Sage(usize),
    PayTrace(usize),
}

impl Peer {
    #[must_use]
    pub fn at(port: u16) -> Option<Self> {
        TENANTS.iter().enumerate().find_map(|(n, tenant)| match port {
            port if port == tenant.sage_port => Some(Self::Sage(n)),
            port if port == tenant.paytrace_port => Some(Self::PayTrace(n)),
            _ => None,
        })
    }
}

pub type Sage = Sage300Sim<Books>;

/// A moment at which a process is to die: at its so-manieth call, before it leaves or after it landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    pub step: u64,
    pub after: bool,
}

pub struct Outside {
    pub time: Time,
    pub chance: Chance,
    pub journal: Journal,
    pub watch: Watch,
    pub injected: Injected,
    pub store: MemoryStore,
    pub queue: SimQueue,
    weather: Mutex<Weather>,
    stormy: Mutex<bool>,
    sages: Vec<Mutex<Sage>>,
    paytraces: Vec<Mutex<PaytraceSim>>,
    /// Landings still to come.
    coming: AtomicI64,
    steps: AtomicU64,
    creates: AtomicU64,
    at_once: AtomicUsize,
    death: Option<Death>,
    /// Calls to Sage that belong to posting, and those to decide.
    pub calls: Mutex<BTreeMap<&'static str, u64>>,
}

impl Outside {
    /// # Errors
    /// In words, when a simulator cannot be set up.
    pub fn new(
        seed: u64,
        weather: Weather,
        death: Option<Death>,
        verbose: bool,
    ) -> Result<Self, String> {
        let mut sages = Vec::new();
        let mut paytraces = Vec::new();
        for tenant in TENANTS {
            let web = Sage300Config { company: tenant.company.into(), ..Sage300Config::default() };
            let sim = Sage300Sim::new(web, Books::samltd(Options::default()))?;
            sages.push(Mutex::new(sim));
            paytraces.push(Mutex::new(PaytraceSim::new(PaytraceConfig {
                first_transaction_id: tenant.first_transaction,
                ..PaytraceConfig::default()
            })));
        }
        Ok(Self {
            time: Time::start(),
            chance: Chance::of(seed),
            journal: Journal::new(verbose),
            watch: Watch::default(),
            injected: Injected::default(),
            store: MemoryStore::new(),
            queue: SimQueue::default(),
            weather: Mutex::new(weather),
            stormy: Mutex::new(true),
            sages,
            paytraces,
            coming: AtomicI64::new(0),
            steps: AtomicU64::new(0),
            creates: AtomicU64::new(0),
            at_once: AtomicUsize::new(0),
            death,
            calls: Mutex::default(),
        })
    }

    pub fn weather(&self) -> Weather {
        locked(&self.weather).clone()
    }

    /// From here on nothing goes wrong at any call.
    pub fn clear_up(&self) {
        *locked(&self.weather) = Weather::default();
        *locked(&self.stormy) = false;
    }

    pub fn is_stormy(&self) -> bool {
        *locked(&self.stormy)
    }

    /// Calls any process made so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// So many calls to Sage are under way in one process.
    pub fn at_once(&self, calls: usize) {
        self.at_once.fetch_max(calls, Ordering::Relaxed);
    }

    pub fn in_flight_max(&self) -> usize {
        self.at_once.load(Ordering::Relaxed)
    }

    pub fn sage_calls(&self) -> u64 {
        locked(&self.calls).values().sum()
    }

    pub fn nothing_is_coming(&self) -> bool {
        self.coming.load(Ordering::Relaxed) == 0
    }

    /// A process is about to call: it may die or stand still here. Answers the number of the call.
    pub async fn before(&self, process: &Process) -> u64 {
        let step = self.steps.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if process.comes_back() {
            self.journal.reached(Sometimes::ThawedAfterItsLease);
        }
        self.pause(process, Death { step, after: false }).await;
        step
    }

    /// Its call has landed, and it has not heard of it yet.
    pub async fn after(&self, process: &Process, step: u64) {
        self.pause(process, Death { step, after: true }).await;
    }

    async fn pause(&self, process: &Process, here: Death) {
        let (crash, freeze, freeze_ms_max) = {
            let weather = locked(&self.weather);
            (weather.crash, weather.freeze, weather.freeze_ms_max)
        };
        if self.death == Some(here) || self.chance.permille(crash) {
            self.journal.fault(Fault::Crash);
            self.journal.event(format!("{} {} dies", self.time.now(), process.name));
            process.die();
            pending::<()>().await;
        }
        if self.chance.permille(freeze) {
            self.stand_still(process, self.chance.long_tailed_ms(freeze_ms_max)).await;
        }
    }

    /// Between the intent and the create is where standing still is worst: it happens more often.
    /// What is to become of this create, if that is given.
    pub async fn before_create(&self, process: &Process) -> Option<Scripted> {
        const PERMILLE: u32 = 100;
        let nth = self.creates.fetch_add(1, Ordering::Relaxed) + 1;
        let (freeze, freeze_ms_max, scripted) = {
            let weather = locked(&self.weather);
            let scripted = weather.script.iter().find(|(create, _)| *create == nth);
            (weather.freeze, weather.freeze_ms_max, scripted.map(|(_, scripted)| *scripted))
        };
        if let Some(Scripted::SentAfter(ms)) = scripted {
            self.stand_still(process, ms).await;
        } else if freeze > 0 && self.chance.permille(PERMILLE) {
            self.stand_still(process, self.chance.long_tailed_ms(freeze_ms_max)).await;
        }
        scripted
    }

    /// Creates of batches any process has sent so far.
    pub fn creates(&self) -> u64 {
        self.creates.load(Ordering::Relaxed)
    }

    async fn stand_still(&self, process: &Process, ms: i64) {
        self.journal.fault(Fault::Freeze);
        self.journal.event(format!("{} {} stands still {ms} ms", self.time.now(), process.name));
        process.stand_still(ms);
        tokio::task::yield_now().await;
    }

    /// Does `land` later, whoever may have died meanwhile.
    pub fn later(self: &Arc<Self>, ms: i64, land: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let outside = Arc::clone(self);
        outside.coming.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            Time::pass(ms).await;
            outside.coming.fetch_sub(1, Ordering::Relaxed);
            land(&outside);
        });
    }

    /// Work of the world outside: the run does not end before it does.
    pub fn work(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let outside = Arc::clone(self);
        outside.coming.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            work.await;
            outside.coming.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// A request reaches its vendor.
    pub fn land(self: &Arc<Self>, from: &str, peer: Peer, request: &SimRequest) -> SimReply {
        let now = self.time.now();
        let reply = match peer {
            Peer::Sage(n) => self.with_sage(n, |sage| sage.handle(now, request)),
            Peer::PayTrace(n) => self.with_paytrace(n, |account| account.handle(now, request)),
        }
        .unwrap_or_default();
        let (method, path) = (&request.method, &request.path);
        self.journal.event(format!("{now} {from} {peer:?} {method} {path}: {}", reply.status));
        if let (Peer::Sage(n), true) = (peer, request.method != "GET") {
            self.watch.sage_changed(self, n);
        }
        reply
    }

    /// A person does something at a vendor's own screens.
    pub fn person(&self, peer: Peer, command: &str, body: &serde_json::Value) -> bool {
        let now = self.time.now();
        let done = match peer {
            Peer::Sage(n) => self.with_sage(n, |sage| sage.command(now, command, body)),
            Peer::PayTrace(n) => {
                self.with_paytrace(n, |account| account.command(now, command, body))
            }
        };
        let done = done.unwrap_or_else(|| Err("there is no such vendor".into()));
        let outcome = match &done {
            Ok(answer) => answer.to_string(),
            Err(why) => format!("refused: {why}"),
        };
        self.journal.event(format!("{now} a person, {peer:?}: {command} {body}: {outcome}"));
        if let Peer::Sage(n) = peer {
            self.watch.sage_changed(self, n);
        }
        done.is_ok()
    }

    pub fn with_sage<T>(&self, n: usize, act: impl FnOnce(&mut Sage) -> T) -> Option<T> {
        self.sages.get(n).map(|sage| act(&mut locked(sage)))
    }

    pub fn with_paytrace<T>(&self, n: usize, act: impl FnOnce(&mut PaytraceSim) -> T) -> Option<T> {
        self.paytraces.get(n).map(|account| act(&mut locked(account)))
    }

    /// Reads the store itself, past all weather; memory answers at once.
    pub fn stored<T: Default>(&self, read: impl Future<Output = ledger::store::Result<T>>) -> T {
        read.now_or_never().and_then(Result::ok).unwrap_or_default()
    }

    pub fn count(&self, operation: &'static str) {
        let mut calls = locked(&self.calls);
        let count = calls.entry(operation).or_default();
        *count = count.saturating_add(1);
    }

    pub fn now(&self) -> Timestamp {
        self.time.now()
    }
}

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
