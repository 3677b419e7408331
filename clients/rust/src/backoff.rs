//! Waits that grow with each failure in a row.

use std::time::Duration;

/// Waits that grow with each failure in a row, and differ between clients that failed together.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most,
            failures: 0,
        }
    }

    /// How long to wait after one more failure: half to all of what has doubled with each.
    pub(crate) fn next(&mut self) -> Duration {
        let full = self
            .first
            .saturating_mul(1 << self.failures.min(20))
            .min(self.most);
        self.failures += 1;
        full.mul_f64(0.5 + rand::random::<f64>() / 2.0)
    }

    /// It worked.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_its_bound_and_starts_again() {
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
