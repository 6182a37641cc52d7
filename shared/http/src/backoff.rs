/// Full-jitter exponential back-off. Pure: the caller brings the random number and does the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the first wait, milliseconds.
    pub base_ms: u64,
    /// Ceiling of any wait, milliseconds.
    pub cap_ms: u64,
    /// Attempts in all, the first included.
    pub attempts_max: u32,
}

impl Backoff {
    /// How long to wait after `attempts_made` attempts, in milliseconds; `None` when they are used
    /// up. `random` is any uniformly distributed number. A wait the server asked for is a floor.
    pub fn wait_ms(
        &self,
        attempts_made: u32,
        random: u64,
        retry_after_ms: Option<u64>,
    ) -> Option<u64> {
        if attempts_made >= self.attempts_max {
            return None;
        }
        let doublings = attempts_made.saturating_sub(1).min(32);
        let ceiling_ms = self.base_ms.saturating_mul(1_u64 << doublings).min(self.cap_ms);
        let jittered_ms = random.checked_rem(ceiling_ms.saturating_add(1)).unwrap_or(random);
        Some(jittered_ms.max(retry_after_ms.unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Backoff = Backoff { base_ms: 100, cap_ms: 1_000, attempts_max: 6 };

    #[test]
    fn waits_stay_under_a_ceiling_that_doubles_to_the_cap() {
        for (made, ceiling) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1_000)] {
            assert_eq!(POLICY.wait_ms(made, ceiling, None), Some(ceiling));
            assert_eq!(POLICY.wait_ms(made, ceiling + 1, None), Some(0));
        }
        assert_eq!(POLICY.wait_ms(6, 1, None), None);
    }

    #[test]
    fn the_wait_asked_for_is_a_floor() {
        assert_eq!(POLICY.wait_ms(1, 7, Some(5_000)), Some(5_000));
        assert_eq!(POLICY.wait_ms(1, 70, Some(5)), Some(70));
    }

    #[test]
    fn extreme_numbers_do_not_overflow() {
        let wide = Backoff { base_ms: u64::MAX, cap_ms: u64::MAX, attempts_max: u32::MAX };
        assert_eq!(wide.wait_ms(4_000_000_000, u64::MAX - 1, None), Some(u64::MAX - 1));
    }
}
