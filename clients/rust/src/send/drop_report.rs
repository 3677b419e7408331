//! Reports dropped messages.

use crate::error::{Error, ErrorKind};
use crate::panics::catch_and_log;
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

/// A callback for each dropped message, with its queue.
pub(crate) type OnDropped = Arc<dyn Fn(&Error, &str) + Send + Sync>;

const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Returns the default callback, which logs by `tracing`: the first message at once, then at most one line a
/// second for all later ones. Logs the rest when the current runtime ends.
pub(crate) fn log_drops() -> OnDropped {
    let (report, runtime) = (Arc::new(DropReport::default()), Handle::current());
    Arc::new(move |error, queue| {
        if report.report(error, queue) {
            let logger = Logger(Arc::clone(&report));
            logger.0.log();
            runtime.spawn(logger.log_later_drops());
        }
    })
}

/// Wraps a user's callback. Messages that the callback itself drops, by a send, are only logged: calling it
/// again would never end.
pub(crate) fn without_recursion(callback: impl Fn(&Error, &str) + Send + Sync + 'static) -> OnDropped {
    thread_local!(static IS_RUNNING: Cell<bool> = const { Cell::new(false) });
    struct Running;
    impl Drop for Running {
        fn drop(&mut self) {
            IS_RUNNING.set(false);
        }
    }
    Arc::new(move |error, queue| {
        let kind = error.kind();
        if IS_RUNNING.replace(true) {
            tracing::error!(
                queue,
                %kind,
                "on_dropped dropped a message for queue \"{queue}\" ({kind}): {error}"
            );
            return;
        }
        let _running = Running;
        callback(error, queue);
    })
}

/// Dropped messages that are not logged yet.
#[derive(Default)]
struct DropReport(Mutex<State>);

#[derive(Default)]
struct State {
    messages: u64,
    latest: Option<Latest>,
    /// A task logs the rest within a second.
    has_logger: bool,
}

struct Latest {
    kind: ErrorKind,
    detail: String,
    queue: String,
}

impl DropReport {
    /// Returns whether the caller must start a logger.
    fn report(&self, error: &Error, queue: &str) -> bool {
        let mut state = self.0.lock().unwrap();
        state.messages += 1;
        state.latest = Some(Latest {
            kind: error.kind(),
            detail: error.to_string(),
            queue: queue.to_owned(),
        });
        !std::mem::replace(&mut state.has_logger, true)
    }

    /// Returns whether there was a message to log.
    fn log(&self) -> bool {
        let (messages, latest) = {
            let mut state = self.0.lock().unwrap();
            (std::mem::take(&mut state.messages), state.latest.take())
        };
        // Unlocked: a subscriber may send messages, which may be dropped.
        if let Some(Latest { kind, detail, queue }) = latest {
            let dropped = match messages {
                1 => "a message".to_owned(),
                _ => format!("{messages} messages, the last one"),
            };
            catch_and_log("the log", || {
                tracing::error!(
                    queue,
                    %kind,
                    messages,
                    "dropped {dropped} for queue \"{queue}\" ({kind}): {detail}"
                );
            });
        }
        messages > 0
    }
}

/// Logs once a second while messages are dropped, and once more when it is dropped.
struct Logger(Arc<DropReport>);

impl Logger {
    async fn log_later_drops(self) {
        loop {
            tokio::time::sleep(LOG_INTERVAL).await;
            if !self.0.log() {
                return;
            }
        }
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().has_logger = false;
        self.0.log();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::OnceLock;
    use std::sync::mpsc;
    use tracing::field::{Field, Visit};
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
    use tracing_subscriber::registry;

    /// Counts the messages of each line, and drops one more message during the first line.
    struct Lines {
        lines: mpsc::Sender<u64>,
        report: Arc<OnceLock<OnDropped>>,
    }

    struct Messages(u64);

    impl Visit for Messages {
        fn record_u64(&mut self, field: &Field, value: u64) {
            if field.name() == "messages" {
                self.0 = value;
            }
        }
        fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
    }

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut messages = Messages(0);
            event.record(&mut messages);
            if self.lines.send(messages.0).is_ok()
                && let Some(report) = self.report.get()
                && messages.0 == 1
            {
                report(&error(), "of a subscriber");
            }
        }
    }

    fn error() -> Error {
        Error::new(ErrorKind::Closed, "it was closed")
    }

    #[tokio::test]
    async fn all_drops_are_logged_also_those_of_a_subscriber() {
        let (lines, logged) = mpsc::channel();
        let report = Arc::new(OnceLock::new());
        let layer = Lines {
            lines,
            report: Arc::clone(&report),
        };
        let _logs = tracing::subscriber::set_default(registry().with(layer));
        let report = Arc::clone(report.get_or_init(log_drops));
        for _ in 0..3 {
            report(&error(), "q");
        }
        let mut seen = Vec::new();
        while seen.iter().sum::<u64>() < 4 {
            tokio::task::yield_now().await;
            seen.extend(logged.try_iter());
        }
        assert_eq!(seen, [1, 3]);
    }
}
