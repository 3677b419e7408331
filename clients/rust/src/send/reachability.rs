//! Whether the service counts as unavailable.

use crate::call_error::is_timeout;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::Status;

/// 45 s after the last failed call, the next send is a probe. The spool sender pauses for less.
const PROBE_AFTER: Duration = Duration::from_secs(45);

/// The service counts as unavailable when two calls in a row failed, the second begun after the first had
/// failed, and no call was answered since. The spool sender keeps calling while it has messages. Without
/// such a call, as with a full spool, the next send after `PROBE_AFTER` is a probe.
#[derive(Default)]
pub(crate) struct Reachability {
    state: Mutex<State>,
    /// Notified by the first answer after a failure.
    pub(crate) recovered: Notify,
}

#[derive(Default)]
struct State {
    failures: u32,
    failed_at: Option<Instant>,
    last_error: Option<Arc<Status>>,
    /// The beginning of the latest answered call.
    answered_since: Option<Instant>,
}

impl Reachability {
    pub(crate) fn is_unavailable(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.failures >= 2 && state.failed_at.is_some_and(|at| at.elapsed() < PROBE_AFTER)
    }

    /// Returns the error of the latest calls, or `None` if the last call was answered.
    pub(crate) fn last_error(&self) -> Option<Arc<Status>> {
        let state = self.state.lock().unwrap();
        state.last_error.clone().filter(|_| state.failures > 0)
    }

    pub(crate) fn call_failed(&self, began_at: Instant, status: &Status) {
        let mut state = self.state.lock().unwrap();
        // Calls that were under way together fail for the same reason and count once.
        let is_older_than = |instant: Option<Instant>| instant.is_some_and(|instant| began_at < instant);
        if is_older_than(state.answered_since) || is_older_than(state.failed_at) {
            return;
        }
        // Keep an earlier error: a timeout explains less.
        if state.failures == 0 || !is_timeout(status) {
            state.last_error = Some(Arc::new(status.clone()));
        }
        state.failures += 1;
        state.failed_at = Some(Instant::now());
    }

    /// Records an answered call, and wakes the spool sender if calls had failed before.
    pub(crate) fn call_answered(&self, began_at: Instant) {
        if self.record_answer(began_at) {
            self.recovered.notify_one();
        }
    }

    /// Records an answered call of the spool sender itself. Returns whether calls had failed before.
    pub(crate) fn record_answer(&self, began_at: Instant) -> bool {
        let mut state = self.state.lock().unwrap();
        state.answered_since = state.answered_since.max(Some(began_at));
        std::mem::take(&mut state.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeout() -> Status {
        Status::deadline_exceeded("the server did not answer")
    }

    #[test]
    fn calls_that_fail_together_count_once() {
        let reachability = Reachability::default();
        let began_at = Instant::now();
        reachability.call_failed(began_at, &timeout());
        reachability.call_failed(began_at, &timeout());
        assert!(!reachability.is_unavailable());
        reachability.call_failed(Instant::now(), &timeout());
        assert!(reachability.is_unavailable());
        reachability.call_answered(Instant::now());
        assert!(!reachability.is_unavailable());
    }

    // With a full spool, no spool sender finds out that the service is back.
    #[test]
    fn the_next_send_45_s_after_the_last_failed_call_is_a_probe() {
        let reachability = Reachability::default();
        reachability.call_failed(Instant::now(), &timeout());
        reachability.call_failed(Instant::now(), &timeout());
        let failed = |ago| reachability.state.lock().unwrap().failed_at = Instant::now().checked_sub(ago);
        failed(Duration::from_secs(35));
        assert!(reachability.is_unavailable());
        failed(Duration::from_secs(46));
        assert!(!reachability.is_unavailable());
        reachability.call_failed(Instant::now(), &timeout());
        assert!(reachability.is_unavailable());
    }

    #[test]
    fn the_last_error_is_no_timeout_if_there_is_another_one() {
        let reachability = Reachability::default();
        let last_error = || {
            let status = reachability.last_error();
            status.map(|status| status.message().to_owned())
        };
        assert_eq!(last_error(), None);
        reachability.call_failed(Instant::now(), &timeout());
        reachability.call_failed(Instant::now(), &Status::unavailable("refused"));
        reachability.call_failed(Instant::now(), &timeout());
        assert_eq!(last_error(), Some("refused".to_owned()));
        reachability.call_answered(Instant::now());
        assert_eq!(last_error(), None);
    }
}
