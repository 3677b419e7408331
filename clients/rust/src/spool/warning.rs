//! The log line for messages that wait in the spool.

use crate::call_error;
use crate::log::log;
use crate::once_a_minute::OnceAMinute;
use crate::spool::usage::SharedUsage;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::Status;

/// Logs why messages wait in the spool, at most once a minute. Nothing else reports a wrong token or target.
pub(crate) struct SpoolWarning {
    target: String,
    usage: Arc<SharedUsage>,
    due: OnceAMinute,
    /// Whether the last line said that messages wait.
    is_open: AtomicBool,
}

impl SpoolWarning {
    pub(crate) fn new(target: String, usage: Arc<SharedUsage>) -> Self {
        Self {
            target,
            usage,
            due: OnceAMinute::default(),
            is_open: AtomicBool::new(false),
        }
    }

    pub(crate) fn warn(&self, status: &Status) {
        if !self.due.is_due() {
            return;
        }
        self.is_open.store(true, Ordering::Relaxed);
        let reason = call_error::reason_text(status);
        log!(
            warn,
            "messages wait in the spool for {} ({}): {reason}; retrying",
            self.target,
            self.usage.get().messages
        );
    }

    /// Logs what the client leaves when it is closed.
    pub(crate) fn stays(&self) {
        let left = match self.usage.get().messages {
            0 => return self.sent(),
            count => count,
        };
        log!(
            info,
            "messages stay in the spool for {} ({left}); the next client with the same service and target sends them",
            self.target
        );
    }

    /// Logs once that no message waits, if the last line said that some do.
    pub(crate) fn sent(&self) {
        if self.usage.get().messages > 0 || !self.is_open.swap(false, Ordering::Relaxed) {
            return;
        }
        log!(info, "the spool for {} is empty again", self.target);
    }
}
