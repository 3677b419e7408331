//! The log lines for callbacks that are late or missing. Each comes at most once a minute for all queues of a client.

use crate::call_error;
use crate::log::log;
use crate::once_a_minute::OnceAMinute;
use crate::outcomes::followed_messages::MAX_MESSAGES;
use crate::v1::EventGap;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::{Code, Status};

#[derive(Default)]
pub(super) struct OutcomeReports {
    full: OnceAMinute,
    broken: OnceAMinute,
    gap: OnceAMinute,
    is_old_server_logged: AtomicBool,
}

impl OutcomeReports {
    pub(super) fn full(&self) {
        if self.full.is_due() {
            log!(
                warn,
                "outcome callbacks are not called for the oldest of more than {MAX_MESSAGES} followed messages; use events in NATS"
            );
        }
    }

    /// Logs why the events of a queue do not come. A server without them is logged once.
    pub(super) fn broken(&self, queue: &str, status: &Status) {
        if status.code() == Code::Unimplemented {
            if !self.is_old_server_logged.swap(true, Ordering::Relaxed) {
                log!(
                    warn,
                    "outcome callbacks are not called: the server has no WatchEvents; upgrade it"
                );
            }
        } else if self.broken.is_due() {
            let reason = call_error::reason_text(status);
            log!(
                warn,
                "outcome callbacks of queue \"{queue}\" wait: {reason}; retrying"
            );
        }
    }

    pub(super) fn gap(&self, queue: &str, gap: &EventGap) {
        if self.gap.is_due() {
            log!(
                warn,
                "outcome callbacks of queue \"{queue}\" may be missing: up to {} state changes were removed before they were \
                 read, and the store lost up to {}; read the messages for their state",
                gap.missed_count,
                gap.undone_count
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tracing::field::{Field, Visit};
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
    use tracing_subscriber::registry;

    /// Records the lines.
    struct Lines(mpsc::Sender<String>);

    struct Message<'a>(&'a Lines);

    impl Visit for Message<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                let _ = self.0.0.send(format!("{value:?}"));
            }
        }
    }

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            event.record(&mut Message(self));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_line_comes_once_a_minute_for_all_queues() {
        let (lines, logged) = mpsc::channel();
        let _logs = tracing::subscriber::set_default(registry().with(Lines(lines)));
        let reports = OutcomeReports::default();
        let gap = EventGap {
            missed_count: 7,
            undone_count: 2,
            ..EventGap::default()
        };
        let report = || {
            for queue in ["q", "r"] {
                reports.gap(queue, &gap);
                reports.broken(queue, &Status::unavailable("it drains"));
                reports.broken(queue, &Status::unimplemented("unknown method"));
                reports.full();
            }
            logged.try_iter().collect::<Vec<_>>()
        };
        let repeated = [
            "outcome callbacks of queue \"q\" may be missing: up to 7 state changes were removed before they were read, \
             and the store lost up to 2; read the messages for their state",
            "outcome callbacks of queue \"q\" wait: it drains; retrying",
            "outcome callbacks are not called for the oldest of more than 10000 followed messages; use events in NATS",
        ];
        let once = "outcome callbacks are not called: the server has no WatchEvents; upgrade it";
        assert_eq!(report(), [repeated[0], repeated[1], once, repeated[2]]);
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
        assert_eq!(report(), repeated);
    }
}
