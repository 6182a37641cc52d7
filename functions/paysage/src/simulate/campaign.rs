//! Many seeds, on every core; what they add up to.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::fault::Counts;
use super::journal::{Edge, Sometimes};
use super::outside::locked;
use super::plan::Plan;
use super::run::{Manner, Outcome, run};

/// What a campaign came to.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub seeds: u64,
    pub events: u64,
    pub faults: Counts,
    pub sometimes: BTreeMap<Sometimes, u64>,
    pub edges: BTreeSet<Edge>,
    pub virtual_ms: i64,
    pub posting_calls: u64,
    pub sweeping_calls: u64,
    pub deciding_calls: u64,
    pub receipts: u64,
    /// Seed and what it violated.
    pub violations: Vec<(u64, String)>,
}

impl Tally {
    pub fn add(&mut self, seed: u64, outcome: Outcome) {
        let Outcome { account, virtual_ms, posting_calls, deciding_calls, receipts, .. } = outcome;
        self.sweeping_calls = self.sweeping_calls.saturating_add(outcome.sweeping_calls);
        self.seeds = self.seeds.saturating_add(1);
        self.events = self.events.saturating_add(account.events);
        for (fault, count) in account.faults {
            let sum = self.faults.entry(fault).or_default();
            *sum = sum.saturating_add(count);
        }
        for (what, count) in account.sometimes {
            let sum = self.sometimes.entry(what).or_default();
            *sum = sum.saturating_add(count);
        }
        self.edges.extend(account.edges);
        self.virtual_ms = self.virtual_ms.saturating_add(virtual_ms);
        self.posting_calls = self.posting_calls.saturating_add(posting_calls);
        self.deciding_calls = self.deciding_calls.saturating_add(deciding_calls);
        self.receipts = self.receipts.saturating_add(receipts);
        self.violations.extend(account.violations.into_iter().map(|text| (seed, text)));
    }

    pub fn merge(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        for (fault, count) in other.faults {
            let sum = self.faults.entry(fault).or_default();
            *sum = sum.saturating_add(count);
        }
        for (what, count) in other.sometimes {
            let sum = self.sometimes.entry(what).or_default();
            *sum = sum.saturating_add(count);
        }
        self.edges.extend(other.edges);
        self.virtual_ms = self.virtual_ms.saturating_add(other.virtual_ms);
        self.violations.extend(other.violations);
    }
}

/// Calls `each` for every number in turn, on every core; the order of the answers is not given.
pub fn on_every_core(numbers: std::ops::Range<u64>, each: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(numbers.start);
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return;
                    }
                    each(number);
                }
            });
        }
    });
}

/// Runs the seeds from `from` on; `progress` hears how many are done.
pub fn seeds(from: u64, count: u64, progress: &(dyn Fn(u64) + Sync)) -> Tally {
    let tally = Mutex::new(Tally::default());
    on_every_core(from..from.saturating_add(count), |seed| {
        let outcome = run(seed, &Plan::of(seed), Manner::default());
        let mut tally = locked(&tally);
        match outcome {
            Ok(outcome) => tally.add(seed, outcome),
            Err(why) => tally.violations.push((seed, why)),
        }
        progress(tally.seeds);
    });
    tally.into_inner().unwrap_or_default()
}
