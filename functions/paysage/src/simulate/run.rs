//! One run: a storm in which everything goes on at once, then calm until all has come to its end.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use engine::hint::Hint;
use engine::port::QueueName;
use tokio::runtime::Builder;

use super::fault::Fault;
use super::host::{self, Door};
use super::journal::Account;
use super::opponents::Score;
use super::outside::{Death, Outside};
use super::person::Person;
use super::plan::Plan;
use super::relay::Relay;
use super::secrets::Keyring;
use super::shop::Shop;
use super::time::Time;
use super::verdict;

/// What is left of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub account: Account,
    /// Calls any process made.
    pub steps: u64,
    /// Virtual time it took, milliseconds.
    pub virtual_ms: i64,
    pub posting_calls: u64,
    pub sweeping_calls: u64,
    pub deciding_calls: u64,
    /// Receipts posted in the end.
    pub receipts: u64,
    /// Captured payments posted more than once, or neither posted nor held.
    pub score: Score,
    /// What the end looks like to a person, in one line for each payment.
    pub end: Vec<String>,
}

/// How to run a plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    pub death: Option<Death>,
    pub verbose: bool,
}

/// Runs a seed's plan from its beginning to its end, on this thread.
///
/// # Errors
/// In words, when the run cannot be set up.
pub fn run(seed: u64, plan: &Plan, manner: Manner) -> Result<Outcome, String> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let outside = Outside::new(seed, plan.weather.clone(), manner.death, manner.verbose)?;
        let world = World::new(Arc::new(outside), plan);
        world.play(plan).await;
        Ok(world.outcome())
    })
}

struct World {
    outside: Arc<Outside>,
    person: Arc<Person>,
    shop: Arc<Shop>,
    keys: Arc<Keyring>,
}

/// How often the end is looked for, and how long it may take.
const LOOK_MS: i64 = 600_000;
const END_MS_MAX: i64 = 4 * 86_400_000;

impl World {
    fn new(outside: Arc<Outside>, plan: &Plan) -> Self {
        let keys = Arc::new(Keyring::default());
        let doors: Vec<Arc<Door>> = plan.hosts.iter().map(|_| Arc::default()).collect();
        let relay = Arc::new(Relay {
            outside: Arc::clone(&outside),
            doors: doors.clone(),
            keys: Arc::clone(&keys),
            careless: plan.careless,
            late_ms_max: plan.late_ms_max,
            sent: AtomicU64::new(0),
            taken: std::sync::Mutex::default(),
        });
        let shop = Shop {
            outside: Arc::clone(&outside),
            relay: Arc::clone(&relay),
            keys: Arc::clone(&keys),
        };
        let person = Person {
            outside: Arc::clone(&outside),
            doors,
            keys: Arc::clone(&keys),
            relay,
            purchases: plan.purchases.clone(),
            owed: plan.invoices.first().cloned().unwrap_or_default(),
            buyers: plan.buyers,
        };
        Self { outside, person: Arc::new(person), shop: Arc::new(shop), keys }
    }

    async fn play(&self, plan: &Plan) {
        let outside = &self.outside;
        for (tenant, invoices) in plan.invoices.iter().enumerate() {
            self.shop.seed(tenant, plan.buyers, invoices);
        }
        for (spec, door) in plan.hosts.iter().zip(&self.person.doors) {
            if spec.skew_ms != 0 {
                outside.journal.fault(Fault::ClockSkew);
            }
            let alive = host::keep_alive(
                Arc::clone(outside),
                spec.clone(),
                Arc::clone(door),
                Arc::clone(&self.keys),
            );
            tokio::spawn(alive);
        }
        let settings =
            plan.hosts.iter().map(|spec| (spec.seal_max, spec.settle_ms, spec.linger_ms));
        if settings.collect::<std::collections::BTreeSet<_>>().len() > 1 {
            outside.journal.fault(Fault::MixedVersions);
        }
        for purchase in &plan.purchases {
            let (shop, purchase) = (Arc::clone(&self.shop), purchase.clone());
            outside.work(async move { shop.serve(purchase).await });
        }
        for (at_ms, act) in plan.acts.iter().copied() {
            let person = Arc::clone(&self.person);
            outside.work(async move { person.acts(at_ms, act).await });
        }
        Time::pass(plan.storm_ms).await;
        outside.clear_up();
        self.person.puts_right();
        self.come_to_rest(plan).await;
    }

    async fn come_to_rest(&self, plan: &Plan) {
        let mut waited = 0_i64;
        loop {
            Time::pass(LOOK_MS).await;
            waited = waited.saturating_add(LOOK_MS);
            let over = waited > END_MS_MAX;
            let quiet = self.outside.nothing_is_coming() && self.outside.queue.is_empty();
            if !over && !quiet {
                continue;
            }
            match verdict::restless(&self.outside) {
                None if self.outside.nothing_is_coming() => break,
                why if over => {
                    let why = why.unwrap_or_else(|| "something is still on its way".to_owned());
                    return self.outside.journal.violation("I16", &format!("no end: {why}"));
                }
                _ => {}
            }
        }
        verdict::of_the_end(&self.outside, plan, &self.keys);
        self.all_over_again().await;
    }

    /// I12: every hint is delivered once more; nothing may change.
    async fn all_over_again(&self) {
        let outside = &self.outside;
        let before = (verdict::effects(outside), verdict::receipts(outside), outside.creates());
        for key in outside.watch.effects() {
            let hint = Hint::new(&key.payment.merchant, &key.payment.transaction);
            outside.queue.put(QueueName::Hints, hint.body(), outside.now());
        }
        Time::pass(LOOK_MS).await;
        let after = (verdict::effects(outside), verdict::receipts(outside), outside.creates());
        if before != after {
            let evidence = format!("delivered again: {before:?}, then {after:?}");
            outside.journal.violation("I12", &evidence);
        }
    }

    fn outcome(&self) -> Outcome {
        let calls = super::outside::locked(&self.outside.calls).clone();
        let count = |name: &str| calls.get(name).copied().unwrap_or_default();
        Outcome {
            account: self.outside.journal.account(),
            steps: self.outside.steps(),
            virtual_ms: self.outside.time.elapsed_ms(),
            posting_calls: count("posting"),
            sweeping_calls: count("sweeping"),
            deciding_calls: count("deciding"),
            receipts: verdict::receipts(&self.outside),
            score: verdict::score(&self.outside),
            end: verdict::summary(&self.outside),
        }
    }
}
