//! How much goes in one call.

use std::time::Duration;

/// A larger letter goes alone.
const LEAST_BYTES: usize = 64 * 1024;
const MOST_BYTES: usize = 3 * 1024 * 1024;
/// A call that took longer would be too slow if it had twice as much.
const QUICK: Duration = Duration::from_millis(1_250);

/// How much goes in one call: less where a link does not carry it in time, more again where it does.
pub(super) struct CallSize {
    bytes: usize,
}

impl CallSize {
    pub(super) const fn new() -> Self {
        Self { bytes: MOST_BYTES }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn answered(&mut self, took: Duration) {
        if took < QUICK {
            self.bytes = MOST_BYTES.min(self.bytes * 2);
        }
    }

    /// It went out, and nobody answered.
    pub(super) fn unanswered(&mut self) {
        self.bytes = LEAST_BYTES.max(self.bytes / 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kib_after(size: &mut CallSize, change: impl Fn(&mut CallSize)) -> usize {
        change(size);
        size.bytes() / 1024
    }

    #[test]
    fn it_shrinks_while_nobody_answers() {
        let mut size = CallSize::new();
        let seen = [(); 4].map(|()| kib_after(&mut size, CallSize::unanswered));
        assert_eq!(seen, [768, 192, 64, 64]);
    }

    #[test]
    fn it_is_doubled_by_quick_answers_only() {
        let mut size = CallSize::new();
        size.unanswered();
        size.unanswered();
        size.answered(Duration::from_secs(4));
        assert_eq!(size.bytes(), 192 * 1024);
        let quick = |size: &mut CallSize| size.answered(Duration::from_millis(100));
        let seen = [(); 5].map(|()| kib_after(&mut size, quick));
        assert_eq!(seen, [384, 768, 1536, 3072, 3072]);
    }
}
