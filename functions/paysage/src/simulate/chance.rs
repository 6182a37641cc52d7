//! The dice of a run: everything that is left to chance comes from its seed.

use std::sync::{Mutex, PoisonError};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct Chance(Mutex<ChaCha8Rng>);

impl Chance {
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// So many times in a thousand.
    pub fn permille(&self, permille: u32) -> bool {
        permille > 0 && self.between(0, 999) < i64::from(permille)
    }

    pub fn one_in(&self, n: u32) -> bool {
        self.between(1, i64::from(n.max(1))) == 1
    }

    /// Both ends included.
    pub fn between(&self, least: i64, most: i64) -> i64 {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.random_range(least..=most.max(least))
    }

    pub fn index(&self, of: usize) -> usize {
        let most = i64::try_from(of).unwrap_or(i64::MAX).saturating_sub(1);
        usize::try_from(self.between(0, most.max(0))).unwrap_or(0)
    }

    pub fn pick<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }

    /// Milliseconds, most often few: up to a minute half the time, then up to an hour, then `most`.
    pub fn long_tailed_ms(&self, most: i64) -> i64 {
        const MINUTE: i64 = 60_000;
        const HOUR: i64 = 60 * MINUTE;
        let end = match self.between(0, 9) {
            0..=4 => MINUTE,
            5..=7 => HOUR,
            _ => most,
        };
        self.between(500, end.min(most))
    }
}
