//! Letters that the service does not take now.

use crate::backoff::Backoff;
use crate::spool::courier::{FIRST_PAUSE, MOST_PAUSE};
use crate::spool::outgoing::Place;
use std::collections::HashSet;
use tokio::time::Instant;

/// Letters that the service does not take now. They are tried again together: else hundreds would each have
/// a call of its own.
pub(super) struct Deferred {
    places: HashSet<Place>,
    /// Of the round before: these come first, and take nothing of the time of others.
    known: HashSet<Place>,
    until: Option<Instant>,
    /// All others have been tried.
    is_resting: bool,
    backoff: Backoff,
}

impl Deferred {
    pub(super) fn new() -> Self {
        Self {
            places: HashSet::new(),
            known: HashSet::new(),
            until: None,
            is_resting: false,
            backoff: Backoff::new(FIRST_PAUSE, MOST_PAUSE),
        }
    }

    /// Others are tried first, but no longer than that: there may be ever more of them.
    pub(super) fn add(&mut self, place: Place) {
        self.places.insert(place);
        self.tried(place);
    }

    /// The time of others begins with the first of them.
    pub(super) fn tried(&mut self, place: Place) {
        if !self.places.is_empty() && !self.known.contains(&place) {
            self.until.get_or_insert_with(|| Instant::now() + MOST_PAUSE);
        }
    }

    /// Those that are not to be tried now.
    pub(super) fn skipped(&mut self) -> HashSet<Place> {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            self.until = None;
            self.is_resting = false;
            self.known = std::mem::take(&mut self.places);
        }
        self.places.clone()
    }

    /// All others have been tried, or can't be. Gives when to look again.
    pub(super) fn rest(&mut self) -> Option<Instant> {
        if self.places.is_empty() {
            self.backoff.reset();
        } else if !std::mem::replace(&mut self.is_resting, true) {
            let pause = Instant::now() + self.backoff.next();
            self.until = Some(self.until.map_or(pause, |until| until.min(pause)));
        }
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_is_tried_again_however_many_others_come() {
        let mut deferred = Deferred::new();
        deferred.add(Place::Memory(1));
        assert_eq!(deferred.skipped(), HashSet::from([Place::Memory(1)]));
        tokio::time::advance(MOST_PAUSE).await;
        assert!(deferred.skipped().is_empty());
        deferred.add(Place::Memory(1));
        assert!(deferred.rest().unwrap() <= Instant::now() + FIRST_PAUSE); // once there are no others, sooner
    }

    /// As of a full queue that has left more than goes in that time.
    #[tokio::test(start_paused = true)]
    async fn what_is_refused_holds_up_no_others_however_long_it_takes() {
        let mut deferred = Deferred::new();
        for _ in 0..1_000 {
            let skipped = deferred.skipped();
            let mut letters = (0..).map(Place::Memory);
            let next = letters.find(|place| !skipped.contains(place)).unwrap();
            if next == Place::Memory(100) {
                return;
            }
            deferred.add(next);
            tokio::time::advance(MOST_PAUSE / 10).await;
        }
        panic!("the last one never has its turn");
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_pause_where_nothing_but_the_refused_is_left() {
        let mut deferred = Deferred::new();
        for _ in 0..2 {
            assert!(deferred.skipped().is_empty());
            deferred.add(Place::Memory(1));
            tokio::time::advance(MOST_PAUSE * 2).await;
        }
        assert!(deferred.rest().unwrap() > Instant::now());
    }
}
