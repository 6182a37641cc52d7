//! The simulators' time: the real one, or a virtual one that only moves when told.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Shared by all simulators of one world.
#[derive(Default)]
pub struct SimClock(Mutex<Option<Timestamp>>);

impl SimClock {
    #[must_use]
    pub fn real() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(Some(now)))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.lock().unwrap_or_else(wall_clock)
    }

    /// Makes time virtual, standing at `now`.
    pub fn set(&self, now: Timestamp) {
        *self.lock() = Some(now);
    }

    /// Makes time virtual, that much later than it was.
    pub fn advance(&self, by: SignedDuration) {
        let mut virtual_now = self.lock();
        let from = virtual_now.unwrap_or_else(wall_clock);
        *virtual_now = Some(from.checked_add(by).unwrap_or(from));
    }

    /// Lets real time run again.
    pub fn release(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "a simulated vendor has a clock of its own")]
fn wall_clock() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_moves_only_when_told() {
        let clock = SimClock::at(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        clock.advance(SignedDuration::from_hours(2));
        assert_eq!(clock.now().as_second(), 7_200);
        clock.release();
        assert!(clock.now().as_second() > 7_200);
    }
}
