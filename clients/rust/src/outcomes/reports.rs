//! The log lines for callbacks that are late or missing.

use crate::call_error;
use crate::log::log;
use crate::once_a_minute::OnceAMinute;
use crate::outcomes::followed::MAX_MESSAGES;
use crate::v1::EventGap;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::{Code, Status};

#[derive(Default)]
pub(super) struct OutcomeReports {
    full: OnceAMinute,
    broken: OnceAMinute,
    is_old_server_logged: AtomicBool,
}

impl OutcomeReports {
    pub(super) fn full(&self) {
        if self.full.is_due() {
            log!(
                warn,
                "{MAX_MESSAGES} sent messages are followed, and the oldest no longer: there are no callbacks for it"
            );
        }
    }

    /// Logs why the events of a queue do not come. A server without them is logged once.
    pub(super) fn broken(&self, queue: &str, status: &Status) {
        let is_old_server = status.code() == Code::Unimplemented;
        let is_due = if is_old_server {
            !self.is_old_server_logged.swap(true, Ordering::Relaxed)
        } else {
            self.broken.is_due()
        };
        if is_due {
            let reason = call_error::reason_text(status);
            let advice = if is_old_server {
                "; there are no callbacks without WatchEvents: update the server"
            } else {
                "; callbacks wait, retrying"
            };
            log!(warn, "no events of queue \"{queue}\": {reason}{advice}");
        }
    }

    pub(super) fn gap(queue: &str, gap: &EventGap) {
        log!(
            warn,
            "callbacks for queue \"{queue}\" may be missing: {} events were removed before they were read, and the store lost {}",
            gap.missed_count,
            gap.undone_count
        );
    }
}
