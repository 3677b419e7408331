//! Recognizes events that come again after a break.

use std::collections::HashSet;
use std::mem;

const HALF: usize = 5_000;

/// Ids of events: at least the latest 5,000, and at most 10,000.
#[derive(Default)]
pub(super) struct SeenEvents {
    latest: HashSet<String>,
    earlier: HashSet<String>,
}

impl SeenEvents {
    /// Reports whether an event comes for the first time.
    pub(super) fn is_first(&mut self, id: &str) -> bool {
        if self.earlier.contains(id) || !self.latest.insert(id.to_owned()) {
            return false;
        }
        if self.latest.len() == HALF {
            self.earlier = mem::take(&mut self.latest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_5_000_events_are_remembered() {
        let mut seen = SeenEvents::default();
        let mut is_first = |number: usize| seen.is_first(&number.to_string());
        assert!((0..2 * HALF).all(&mut is_first));
        assert!(!(HALF..2 * HALF).any(&mut is_first));
        assert!(is_first(0));
    }
}
