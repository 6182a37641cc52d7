//! Virtual time: it stands still while anything works, and leaps to the next timer when nothing does.

use std::cell::Cell;

use engine::port::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, Instant};

/// When every run begins: a Monday morning in the middle of a fiscal period.
pub const BEGINS: &str = "2026-03-02T15:00:00Z";

#[derive(Debug, Clone, Copy)]
pub struct Time {
    begins: Timestamp,
    started: Instant,
}

impl Time {
    /// Starts now; within a runtime whose clock is paused.
    #[must_use]
    pub fn start() -> Self {
        let begins = BEGINS.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let started = Instant::now();
        STARTED.set(Some(started));
        Self { begins, started }
    }

    #[must_use]
    pub fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.begins
            .checked_add(SignedDuration::from_millis(self.elapsed_ms()))
            .unwrap_or(Timestamp::MAX)
    }

    /// Waits so many virtual milliseconds.
    pub async fn pass(ms: i64) {
        tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).await;
    }
}

/// What a process takes the time to be.
pub struct HostClock {
    pub time: Time,
    pub skew_ms: i64,
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        let skew = SignedDuration::from_millis(self.skew_ms);
        self.time.now().checked_add(skew).unwrap_or(Timestamp::MAX)
    }
}

thread_local! {
    /// When the run of this thread began; a thread runs one at a time.
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// For clients that only measure ages: milliseconds of this thread's run.
#[must_use]
pub fn monotonic_ms() -> i64 {
    let elapsed = STARTED.get().map(|started| started.elapsed().as_millis());
    elapsed.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(0)
}
