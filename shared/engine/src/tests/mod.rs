//! The engine on one thread, under a virtual clock, against a small Sage with faults: payments that
//! come as hints, a process that dies at any call, answers that are lost, creates that land late.

mod fakes;
mod sage;
mod story;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::effect::EffectState;
use domain::id::{CompanyId, MerchantId};
use domain::merchant::{ClosedPeriod, Merchant, NewCustomer, Unnamed};
use domain::money::Currency;
use futures::future::join_all;
use ledger::posting::Limits;
use ledger::releases::MemoryReleases;
use ledger::store::{EffectQuery, Store};

use crate::hint::Hint;
use crate::port::QueueName;
use crate::post::{Memory, Post, Settings};
use crate::releases::Published;
use crate::transform::{SetupCache, Transform};
use fakes::{FakeClock, FakeGateway, FakeQueue, FaultyStore, Weather};
use sage::FakeSage;

const PAYMENTS: usize = 12;

struct World {
    weather: Arc<Weather>,
    clock: Arc<FakeClock>,
    queue: Arc<FakeQueue>,
    store: Arc<FaultyStore>,
    sage: Arc<FakeSage>,
    lives: u32,
    /// Processes at a time; more than one ignore each other's leases.
    workers: usize,
}

/// One life of the process: all it remembers is gone when it dies.
struct Process {
    transform: Transform,
    post: Post,
}

fn company() -> CompanyId {
    "SAMLTD".into()
}

fn merchant() -> Merchant {
    Merchant {
        id: "main".into(),
        company: company(),
        currency: Currency::USD,
        bank: "SEATAC".into(),
        payment_codes: [("default".to_owned(), "CCARD".to_owned())].into(),
        new_customer: NewCustomer::Hold,
        closed_period: ClosedPeriod::Hold,
        unnamed: Unnamed::OldestDue,
        zone: "UTC".into(),
        fallback_customer: Some("1200".into()),
    }
}

/// The documents that come with the program.
fn published(clock: Arc<FakeClock>) -> Published {
    Published::new(Arc::new(MemoryReleases::default()), clock, "test", i64::MAX)
}

impl World {
    fn new(seed: u64, permille: u32) -> Self {
        Self::with(seed, permille, 1)
    }

    fn with(seed: u64, permille: u32, workers: usize) -> Self {
        let weather = Arc::new(Weather::new(seed, permille));
        let clock = Arc::new(FakeClock::default());
        let queue = Arc::new(FakeQueue::new(Arc::clone(&clock), Arc::clone(&weather)));
        for n in 0..PAYMENTS {
            let hint = Hint::new(&MerchantId::from("main"), &fakes::transaction_id(n));
            queue.put(QueueName::Hints, hint.body());
            queue.put(QueueName::Hints, hint.body());
        }
        Self {
            store: Arc::new(FaultyStore::new(Arc::clone(&weather))),
            sage: Arc::new(FakeSage::new(Arc::clone(&weather), workers > 1)),
            weather,
            clock,
            queue,
            lives: 0,
            workers,
        }
    }

    fn processes(&mut self) -> Vec<Process> {
        self.lives += 1;
        (0..self.workers).map(|worker| self.process(worker)).collect()
    }

    fn process(&self, worker: usize) -> Process {
        let limits = Limits { settle_ms: 90_000, base_ms: 1_000, cap_ms: 60_000 };
        let settings = Settings {
            linger_ms: 2_000,
            seal_max: 5,
            lease_ms: if self.workers > 1 { -1 } else { 60_000 },
            limits,
            alarm_ms: 3_600_000,
            strays_ms: 7 * 86_400_000,
            sweep_ms: 60_000,
            sweep_idle_ms: 600_000,
        };
        let gateway = Arc::new(FakeGateway(Arc::clone(&self.weather)));
        Process {
            transform: Transform {
                gateway,
                erp: self.sage.clone(),
                store: self.store.clone(),
                queue: self.queue.clone(),
                clock: self.clock.clone(),
                merchants: BTreeMap::from([("main".into(), merchant())]),
                setup: SetupCache::default(),
                published: published(self.clock.clone()),
                advisor: None,
                told: Mutex::default(),
                linger_ms: 2_000,
            },
            post: Post {
                erp: self.sage.clone(),
                store: self.store.clone(),
                queue: self.queue.clone(),
                clock: self.clock.clone(),
                settings,
                owner: format!("life-{}-{worker}", self.lives),
                memory: Memory::default(),
            },
        }
    }

    /// Lets the processes work until they die or have nothing more to do for now.
    async fn live(&self, processes: &[Process]) {
        let working = join_all(processes.iter().map(|process| self.work(process)));
        tokio::select! {
            biased;
            () = self.weather.death() => self.queue.give_back(),
            _ = working => {}
        }
    }

    async fn work(&self, process: &Process) {
        while let Some((queue, body)) = self.queue.take() {
            let done = match queue {
                QueueName::Hints => {
                    let hint: Hint = serde_json::from_str(&body).unwrap();
                    process.transform.work(&hint).await.is_ok()
                }
                QueueName::EffectsReady => process.post.run(&company()).await.is_ok(),
            };
            self.queue.settle(done, queue, body);
        }
        let _ = process.post.run(&company()).await;
    }

    async fn effects(&self, state: EffectState) -> usize {
        let query = EffectQuery { company: None, state, limit: 1_000 };
        self.store.inner().effects_by_state(&query).await.unwrap().len()
    }

    async fn at_rest(&self) -> bool {
        self.queue.is_empty()
            && self.effects(EffectState::Posted).await == PAYMENTS
            && self.sage.entries_left_over() == 0
    }

    /// Every invariant that must hold at every moment.
    async fn check(&self, told: &str) {
        self.sage.check(told);
        for batch in self.sage.acted_on() {
            let id = domain::manifest::named_in(&batch.1).unwrap();
            let manifest = self.store.inner().manifest(&id).await.unwrap().unwrap();
            let committed = manifest.committed_batch().map(|number| number.0);
            assert_eq!(committed, Some(batch.0), "{told}: only the committed batch is acted on");
        }
    }

    /// Runs until all is posted; then everything must be there exactly once.
    async fn play(&mut self, told: &str) {
        let mut processes = self.processes();
        for round in 0..600 {
            if round == 200 {
                self.weather.clear();
            }
            self.live(&processes).await;
            self.check(told).await;
            if self.weather.died() {
                processes = self.processes();
            } else if self.at_rest().await {
                break;
            }
            self.clock.advance_ms(5_000);
            self.sage.let_land();
        }
        assert!(self.at_rest().await, "{told}: not all came to its end");
        assert_eq!(self.sage.posted_references(), PAYMENTS, "{told}");
    }
}

#[tokio::test]
async fn the_calm_day_costs_six_calls_a_batch() {
    let mut world = World::new(1, 0);
    world.play("calm").await;
    let batches = u64::try_from(PAYMENTS.div_ceil(5)).unwrap();
    assert!(world.sage.posting_calls() <= 6 * batches + 1, "{}", world.sage.posting_calls());
}

#[tokio::test]
async fn a_process_that_dies_at_any_call_loses_and_doubles_nothing() {
    let mut calm = World::new(1, 0);
    calm.play("calm").await;
    let calls = calm.weather.calls();
    assert!(calls > 100, "{calls} calls");
    for after in [false, true] {
        for n in 1..=calls {
            let mut world = World::new(1, 0);
            world.weather.die_at(n, after);
            world.play(&format!("died at call {n}, after it: {after}")).await;
            assert_eq!(world.lives, 2, "call {n} was reached");
        }
    }
}

#[tokio::test]
async fn three_hundred_stormy_days_end_with_every_receipt_once() {
    let mut faults = 0;
    for seed in 0..300 {
        let mut world = World::new(seed, 120);
        world.play(&format!("seed={seed}")).await;
        faults += world.weather.faults();
    }
    assert!(faults > 10_000, "{faults} faults");
}

#[tokio::test]
async fn three_workers_without_leases_do_not_double_anything() {
    for seed in 0..200 {
        let mut world = World::with(seed, 60, 3);
        world.play(&format!("three workers, seed={seed}")).await;
    }
}
