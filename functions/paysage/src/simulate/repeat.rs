//! The same again: the same seed must be the same run, and the same day in another order must come
//! to the same end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::campaign::on_every_core;
use super::outside::locked;
use super::plan::Plan;
use super::report::Permutations;
use super::run::{Manner, run};

/// Whether each seed, run twice, has the same events.
pub fn deterministic(from: u64, count: u64) -> bool {
    let same = AtomicBool::new(true);
    on_every_core(from..from.saturating_add(count), |seed| {
        let plan = Plan::of(seed);
        let hash = || run(seed, &plan, Manner::default()).map(|outcome| outcome.account.hash);
        if hash() != hash() {
            same.store(false, Ordering::Relaxed);
        }
    });
    same.into_inner()
}

/// I13. Each day is delivered in three orders.
pub fn permutations(from: u64, count: u64) -> Permutations {
    const ORDERS: u64 = 3;
    let found = Mutex::new(Permutations::default());
    on_every_core(from..from.saturating_add(count), |seed| {
        let plan = Plan::calm(seed);
        let end = |order: u64| {
            let seed = seed.wrapping_add(order.wrapping_mul(1_000_003));
            run(seed, &plan, Manner::default()).map(|outcome| outcome.end)
        };
        let first = end(0);
        let equal = first.is_ok() && (1..ORDERS).all(|order| end(order) == first);
        let mut found = locked(&found);
        found.days = found.days.saturating_add(1);
        found.equal = found.equal.saturating_add(u64::from(equal));
    });
    found.into_inner().unwrap_or_default()
}
