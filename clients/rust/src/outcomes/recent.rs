//! What happened lately, by message.

use crate::v1::Event;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

const MAX_ITEMS: usize = 1_000;
const MAX_AGE: Duration = Duration::from_secs(60);

/// The events of messages that are not followed: their sends may not have returned.
pub(super) type EarlyEvents = Recent<Event>;

/// The latest 1,000 items, each for a minute.
pub(super) struct Recent<T> {
    /// Oldest first. Of items that were taken, too.
    order: VecDeque<(Instant, String)>,
    by_id: HashMap<String, VecDeque<(Instant, T)>>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            by_id: HashMap::new(),
        }
    }
}

impl<T> Recent<T> {
    pub(super) fn add(&mut self, id: &str, item: T) {
        self.forget(MAX_ITEMS - 1);
        let now = Instant::now();
        self.order.push_back((now, id.to_owned()));
        let of_id = self.by_id.entry(id.to_owned()).or_default();
        of_id.push_back((now, item));
    }

    /// Removes the items of a message and returns them, oldest first.
    pub(super) fn take(&mut self, id: &str) -> impl DoubleEndedIterator<Item = T> + use<T> {
        self.forget(MAX_ITEMS);
        let items = self.by_id.remove(id).unwrap_or_default();
        items.into_iter().map(|(_, item)| item)
    }

    pub(super) fn has(&mut self, id: &str) -> bool {
        self.forget(MAX_ITEMS);
        self.by_id.contains_key(id)
    }

    /// Removes old items, and all but the latest `count`.
    fn forget(&mut self, count: usize) {
        let is_old = |(at, _): &(Instant, String)| at.elapsed() >= MAX_AGE;
        while self.order.len() > count || self.order.front().is_some_and(is_old) {
            let Some((at, id)) = self.order.pop_front() else {
                return;
            };
            let Some(of_id) = self.by_id.get_mut(&id) else {
                continue;
            };
            if of_id.front().is_some_and(|(added_at, _)| *added_at == at) {
                of_id.pop_front();
            }
            if of_id.is_empty() {
                self.by_id.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_latest_1000_items_are_kept_for_a_minute() {
        let mut recent = Recent::default();
        for number in 0..=MAX_ITEMS {
            recent.add(&format!("m{}", number / 2), number);
        }
        assert_eq!(recent.take("m0").collect::<Vec<_>>(), [1]);
        assert_eq!(recent.take("m1").collect::<Vec<_>>(), [2, 3]);
        assert_eq!(recent.take("m1").count(), 0);
        assert!(recent.has("m2"));
        tokio::time::advance(MAX_AGE).await;
        assert!(!recent.has("m2"));
        assert!(recent.by_id.is_empty() && recent.order.is_empty());
    }
}
