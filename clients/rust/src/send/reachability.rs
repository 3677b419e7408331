//! Whether the service is known to be away.

use crate::call_error::is_silent;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::Status;

/// Longer than the courier ever waits between two calls.
const UNASKED: Duration = Duration::from_secs(45);

/// The service is known to be away when two calls one after the other have failed, the second one
/// begun after the first had failed, and none has been answered since. The courier asks
/// again and again for what the spool has; where it has nothing to ask for, as in a spool without room,
/// a send does after a while.
#[derive(Default)]
pub(crate) struct Reachability {
    seen: Mutex<Seen>,
    /// An answer has come after a failure.
    pub(crate) back: Notify,
}

#[derive(Default)]
struct Seen {
    failures: u32,
    failed_at: Option<Instant>,
    last_error: Option<Arc<Status>>,
    answered_since: Option<Instant>,
}

impl Reachability {
    pub(crate) fn is_away(&self) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.failures >= 2 && seen.failed_at.is_some_and(|at| at.elapsed() < UNASKED)
    }

    /// What the latest calls failed with; none if the service answers, or was not asked.
    pub(crate) fn why(&self) -> Option<Arc<Status>> {
        let seen = self.seen.lock().unwrap();
        seen.last_error.clone().filter(|_| seen.failures > 0)
    }

    pub(crate) fn failed(&self, began_at: Instant, status: &Status) {
        let mut seen = self.seen.lock().unwrap();
        // Calls that were under way together fail together, by one fault.
        let is_old = |of: Option<Instant>| of.is_some_and(|of| began_at < of);
        if is_old(seen.answered_since) || is_old(seen.failed_at) {
            return;
        }
        // One that nobody has answered tells less than an earlier one.
        if seen.failures == 0 || !is_silent(status) {
            seen.last_error = Some(Arc::new(status.clone()));
        }
        seen.failures += 1;
        seen.failed_at = Some(Instant::now());
    }

    pub(crate) fn answered(&self, began_at: Instant) {
        if self.heard(began_at) {
            self.back.notify_one();
        }
    }

    /// The same for the courier itself, which is on its way already. Gives whether a call had failed before.
    pub(crate) fn heard(&self, began_at: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap();
        seen.answered_since = seen.answered_since.max(Some(began_at));
        std::mem::take(&mut seen.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence() -> Status {
        Status::deadline_exceeded("the server did not answer")
    }

    #[test]
    fn one_fault_under_many_calls_counts_once() {
        let reachability = Reachability::default();
        let began_at = Instant::now();
        reachability.failed(began_at, &silence());
        reachability.failed(began_at, &silence());
        assert!(!reachability.is_away());
        reachability.failed(Instant::now(), &silence());
        assert!(reachability.is_away());
        reachability.answered(Instant::now());
        assert!(!reachability.is_away());
    }

    // Where nothing finds room in the spool, nothing in it finds out that the service is back.
    #[test]
    fn what_nothing_has_asked_for_long_is_not_taken_to_be_away() {
        let reachability = Reachability::default();
        reachability.failed(Instant::now(), &silence());
        reachability.failed(Instant::now(), &silence());
        let failed = |ago| reachability.seen.lock().unwrap().failed_at = Instant::now().checked_sub(ago);
        failed(Duration::from_secs(35));
        assert!(reachability.is_away());
        failed(Duration::from_secs(46));
        assert!(!reachability.is_away());
        reachability.failed(Instant::now(), &silence());
        assert!(reachability.is_away());
    }

    #[test]
    fn why_it_is_away_is_what_tells_most() {
        let reachability = Reachability::default();
        let why = || reachability.why().map(|status| status.message().to_owned());
        assert_eq!(why(), None);
        reachability.failed(Instant::now(), &silence());
        reachability.failed(Instant::now(), &Status::unavailable("refused"));
        reachability.failed(Instant::now(), &silence());
        assert_eq!(why(), Some("refused".to_owned()));
        reachability.answered(Instant::now());
        assert_eq!(why(), None);
    }
}
