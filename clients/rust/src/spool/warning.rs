//! The log line for messages that wait in the spool.

use crate::call_error;
use crate::panics::catch_and_log;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

const INTERVAL: Duration = Duration::from_secs(60);

/// Logs why messages wait in the spool, at most once a minute. Nothing else reports a wrong token or target.
pub(crate) struct SpoolWarning {
    target: String,
    /// Messages in the spool.
    count: Arc<AtomicUsize>,
    logged_at: Mutex<Option<Instant>>,
}

impl SpoolWarning {
    pub(crate) fn new(target: String, count: Arc<AtomicUsize>) -> Self {
        Self {
            target,
            count,
            logged_at: Mutex::default(),
        }
    }

    pub(crate) fn warn(&self, status: &Status) {
        if !self.is_due() {
            return;
        }
        let reason = if call_error::is_retryable(status) {
            call_error::status_text(status)
        } else {
            call_error::refusal(status.clone(), true).to_string()
        };
        catch_and_log("the log", || {
            tracing::warn!(
                "messages wait in the spool for {} ({}): {reason}; retrying",
                self.target,
                self.count.load(Ordering::Relaxed)
            );
        });
    }

    fn is_due(&self) -> bool {
        let mut logged_at = self.logged_at.lock().unwrap();
        let is_early = logged_at.is_some_and(|at| at.elapsed() < INTERVAL);
        if !is_early {
            *logged_at = Some(Instant::now());
        }
        !is_early
    }
}
