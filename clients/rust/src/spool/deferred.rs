//! Messages that the service does not take at present, as for a full queue.

use crate::backoff::Backoff;
use crate::spool::sender::{FIRST_PAUSE, MAX_PAUSE};
use crate::spool::store::Place;
use std::collections::HashSet;
use tokio::time::Instant;

/// Messages that the service does not take at present. They are retried together, so that they share calls.
pub(super) struct Deferred {
    places: HashSet<Place>,
    /// The messages of the previous round. They are sent first and do not start the time for other messages.
    previous: HashSet<Place>,
    /// When the deferred messages are retried.
    retry_at: Option<Instant>,
    /// All other messages have been tried in this round.
    is_pausing: bool,
    backoff: Backoff,
}

impl Deferred {
    pub(super) fn new() -> Self {
        Self {
            places: HashSet::new(),
            previous: HashSet::new(),
            retry_at: None,
            is_pausing: false,
            backoff: Backoff::new(FIRST_PAUSE, MAX_PAUSE),
        }
    }

    pub(super) fn add(&mut self, place: Place) {
        self.places.insert(place);
        self.tried(place);
    }

    /// The first other message starts the time for others: 30 s at most, as new ones may come without end.
    pub(super) fn tried(&mut self, place: Place) {
        if !self.places.is_empty() && !self.previous.contains(&place) {
            self.retry_at.get_or_insert_with(|| Instant::now() + MAX_PAUSE);
        }
    }

    /// Returns the messages to leave out of the next call. Starts the next round if it is due.
    pub(super) fn skipped(&mut self) -> HashSet<Place> {
        if self.retry_at.is_some_and(|at| at <= Instant::now()) {
            self.retry_at = None;
            self.is_pausing = false;
            self.previous = std::mem::take(&mut self.places);
        }
        self.places.clone()
    }

    /// Returns when to retry the deferred messages, once all others have been tried or can't be sent.
    pub(super) fn retry_at(&mut self) -> Option<Instant> {
        if self.places.is_empty() {
            self.backoff.reset();
        } else if !std::mem::replace(&mut self.is_pausing, true) {
            let pause = Instant::now() + self.backoff.next();
            self.retry_at = Some(self.retry_at.map_or(pause, |at| at.min(pause)));
        }
        self.retry_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refused_message_is_retried_after_30_s_while_others_come() {
        let mut deferred = Deferred::new();
        deferred.add(Place::Memory(1));
        assert_eq!(deferred.skipped(), HashSet::from([Place::Memory(1)]));
        tokio::time::advance(MAX_PAUSE).await;
        assert!(deferred.skipped().is_empty());
        deferred.add(Place::Memory(1));
        // Sooner when there are no others.
        assert!(deferred.retry_at().unwrap() <= Instant::now() + FIRST_PAUSE);
    }

    /// A full queue may have left more messages than can be sent within 30 s.
    #[tokio::test(start_paused = true)]
    async fn refused_messages_do_not_delay_the_others() {
        let mut deferred = Deferred::new();
        for _ in 0..1_000 {
            let skipped = deferred.skipped();
            let mut places = (0..).map(Place::Memory);
            let next = places.find(|place| !skipped.contains(place)).unwrap();
            if next == Place::Memory(100) {
                return;
            }
            deferred.add(next);
            tokio::time::advance(MAX_PAUSE / 10).await;
        }
        panic!("the last message is never sent");
    }

    #[tokio::test(start_paused = true)]
    async fn the_sender_pauses_if_only_refused_messages_are_left() {
        let mut deferred = Deferred::new();
        for _ in 0..2 {
            assert!(deferred.skipped().is_empty());
            deferred.add(Place::Memory(1));
            tokio::time::advance(MAX_PAUSE * 2).await;
        }
        assert!(deferred.retry_at().unwrap() > Instant::now());
    }
}
