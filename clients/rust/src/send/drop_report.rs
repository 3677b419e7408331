//! Reports dropped messages.

use crate::error::{Error, ErrorKind};
use crate::log::log;
use crate::sent_by::{SentBy, as_in_callback};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

/// A callback for each dropped message, with its queue.
pub(crate) type OnDropped = Arc<dyn Fn(&Error, &str) + Send + Sync>;
/// A user's callback.
pub(crate) type Callback = Box<dyn Fn(&Error, &str) + Send + Sync>;

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

/// Wraps a user's callback. Messages that the callback itself sends, and that are dropped, are only logged: calling it
/// again would never end. Call it in the client's runtime.
pub(crate) fn without_recursion(callback: Callback) -> OnDropped {
    let log = log_drops();
    Arc::new(move |error, queue| {
        if SentBy::current() == SentBy::Callback {
            log(error, queue);
        } else {
            as_in_callback(|| callback(error, queue));
        }
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

    /// Returns whether there was a message to log. Without one, the logger ends.
    fn log(&self) -> bool {
        let (messages, latest) = {
            let mut state = self.0.lock().unwrap();
            state.has_logger = state.messages > 0;
            (std::mem::take(&mut state.messages), state.latest.take())
        };
        // Unlocked: a subscriber may send messages, which may be dropped.
        if let Some(Latest { kind, detail, queue }) = latest {
            let dropped = match messages {
                1 => "a message".to_owned(),
                _ => format!("{messages} messages, the last"),
            };
            log!(
                error,
                { queue, %kind, messages },
                "dropped {dropped} for queue \"{queue}\" ({kind}): {detail}"
            );
        }
        messages > 0
    }
}

/// Logs once a second while messages are dropped, and the rest when it is dropped.
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
        // Not until nothing is left: a subscriber may send a message for each line, which is dropped, too.
        for _ in 0..2 {
            if !self.0.log() {
                return;
            }
        }
        self.0.0.lock().unwrap().has_logger = false;
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

    /// Records the lines, and drops one more message during the first line.
    struct Lines {
        lines: mpsc::Sender<Line>,
        report: Arc<OnceLock<OnDropped>>,
    }

    #[derive(Default)]
    struct Line {
        messages: u64,
        text: String,
    }

    impl Visit for Line {
        fn record_u64(&mut self, field: &Field, value: u64) {
            if field.name() == "messages" {
                self.messages = value;
            }
        }
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            if field.name() == "message" {
                self.text = format!("{value:?}");
            }
        }
    }

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut line = Line::default();
            event.record(&mut line);
            let is_first = line.messages == 1;
            if self.lines.send(line).is_ok()
                && let Some(report) = self.report.get()
                && is_first
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
        while seen.iter().map(|line: &Line| line.messages).sum::<u64>() < 4 {
            tokio::task::yield_now().await;
            seen.extend(logged.try_iter());
        }
        let texts: Vec<_> = seen.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "dropped a message for queue \"q\" (closed): it was closed",
                "dropped 3 messages, the last for queue \"q\" (closed): it was closed",
            ]
        );
    }
}
