//! Recognizes events that come again after a break.

use std::collections::HashSet;

/// Far more events than come within the second between two tokens.
const MAX_EVENTS: usize = 100_000;

/// The events behind the last resume token. A stream that goes on there repeats them.
#[derive(Default)]
pub(super) struct SeenEvents {
    /// Of this stream.
    current: HashSet<String>,
    /// Of earlier streams, and not repeated yet: tokens of this stream do not cover them.
    earlier: HashSet<String>,
}

impl SeenEvents {
    /// Call this before the events of a new stream.
    pub(super) fn stream_opened(&mut self) {
        self.earlier.extend(self.current.drain());
    }

    /// Reports whether an event comes for the first time.
    pub(super) fn is_first(&mut self, id: &str) -> bool {
        let was_earlier = self.earlier.remove(id);
        if self.current.len() + self.earlier.len() == MAX_EVENTS {
            return !was_earlier && !self.current.contains(id);
        }
        self.current.insert(id.to_owned()) && !was_earlier
    }

    /// Call this after the events of a response with a token.
    pub(super) fn got_token(&mut self) {
        self.current.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_amid_repeated_events_covers_only_those_before_it() {
        let mut seen = SeenEvents::default();
        let mut first = |ids: &[&str], has_token| {
            let of_these: Vec<_> = ids.iter().map(|id| seen.is_first(id)).collect();
            if has_token {
                seen.got_token();
            } else {
                seen.stream_opened(); // it breaks after these
            }
            of_these
        };
        assert_eq!(first(&["a"], true), [true]);
        assert_eq!(first(&["b", "c", "d", "d"], false), [true, true, true, false]);
        assert_eq!(first(&[], true), [true; 0]); // the first response of a stream has a token
        assert_eq!(first(&["b", "c"], true), [false, false]);
        assert_eq!(first(&["d", "e"], false), [false, true]);
        assert_eq!(first(&["d", "e", "f"], true), [false, false, true]);
    }
}
