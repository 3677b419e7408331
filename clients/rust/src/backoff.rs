//! Exponential backoff.

use std::time::Duration;

/// Waits that double with each failure in a row, with jitter.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            failures: 0,
        }
    }

    /// Returns the wait after one more failure: a random 50 to 100 % of the full wait.
    pub(crate) fn next(&mut self) -> Duration {
        let full = self
            .first
            .saturating_mul(1 << self.failures.min(20))
            .min(self.max);
        self.failures += 1;
        full.mul_f64(0.5 + rand::random::<f64>() / 2.0)
    }

    /// Starts again after a success.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_again() {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
        for full in [20, 40, 80, 160, 320, 640, 1_000, 1_000] {
            let wait = backoff.next();
            assert!(wait >= Duration::from_millis(full / 2), "{wait:?} for {full}");
            assert!(wait <= Duration::from_millis(full), "{wait:?} for {full}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(20));
    }
}
