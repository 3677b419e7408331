//! Tells of dropped messages.

use crate::error::{Error, ErrorKind};
use crate::panics::unless_it_panics;
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

/// Told of each message that was dropped, and its queue.
pub(crate) type OnDropped = Arc<dyn Fn(&Error, &str) + Send + Sync>;

const LINE_EVERY: Duration = Duration::from_secs(1);

/// By `tracing`: the first at once, then one line a second with how many it stands for, until all are
/// told. Called within a runtime, whose end has the rest told, too.
pub(crate) fn drop_report() -> OnDropped {
    let (log, runtime) = (Arc::new(DropLog::default()), Handle::current());
    Arc::new(move |error, queue| {
        if log.add(error, queue) {
            let waiting = Waiting(Arc::clone(&log));
            waiting.0.tell();
            runtime.spawn(waiting.tell_the_rest());
        }
    })
}

/// A caller's own function. Of what it has dropped itself, by a send, it is not told, else there would be
/// no end of it: that is in the log.
pub(crate) fn not_within_itself(told: impl Fn(&Error, &str) + Send + Sync + 'static) -> OnDropped {
    thread_local!(static IS_TELLING: Cell<bool> = const { Cell::new(false) });
    struct Telling;
    impl Drop for Telling {
        fn drop(&mut self) {
            IS_TELLING.set(false);
        }
    }
    Arc::new(move |error, queue| {
        if IS_TELLING.replace(true) {
            tracing::error!(queue, kind = %error.kind(), "on_dropped has dropped a message: {error}");
            return;
        }
        let _telling = Telling;
        told(error, queue);
    })
}

#[derive(Default)]
struct DropLog(Mutex<Untold>);

#[derive(Default)]
struct Untold {
    messages: u64,
    latest: Option<Latest>,
    /// Somebody looks again in a second.
    is_waiting: bool,
}

struct Latest {
    kind: ErrorKind,
    words: String,
    queue: String,
}

impl DropLog {
    /// Whether nobody waits to tell it.
    fn add(&self, error: &Error, queue: &str) -> bool {
        let mut untold = self.0.lock().unwrap();
        untold.messages += 1;
        untold.latest = Some(Latest {
            kind: error.kind(),
            words: error.to_string(),
            queue: queue.to_owned(),
        });
        !std::mem::replace(&mut untold.is_waiting, true)
    }

    /// Whether there was anything to tell.
    fn tell(&self) -> bool {
        let (messages, latest) = {
            let mut untold = self.0.lock().unwrap();
            (std::mem::take(&mut untold.messages), untold.latest.take())
        };
        // Unlocked: a subscriber may send messages itself, and have them dropped.
        if let Some(Latest { kind, words, queue }) = latest {
            shielded("the log", || {
                tracing::error!(queue, %kind, messages, "dropped a message: {words}");
            });
        }
        messages > 0
    }
}

/// Looks once a second, as long as there is anything to tell.
struct Waiting(Arc<DropLog>);

impl Waiting {
    async fn tell_the_rest(self) {
        loop {
            tokio::time::sleep(LINE_EVERY).await;
            if !self.0.tell() {
                return;
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().is_waiting = false;
        self.0.tell();
    }
}

/// A caller's own function, or log: what it panics with is told, if that is possible, and harms nothing.
pub(crate) fn shielded(name: &str, call: impl FnOnce()) {
    if unless_it_panics(call).is_none() {
        unless_it_panics(|| tracing::error!("{name} panicked"));
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

    /// Gives how many messages each line stands for; drops one more with the first line.
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
    async fn all_are_told_and_a_subscriber_may_drop_some_itself() {
        let (lines, told) = mpsc::channel();
        let report = Arc::new(OnceLock::new());
        let layer = Lines {
            lines,
            report: Arc::clone(&report),
        };
        let _logs = tracing::subscriber::set_default(registry().with(layer));
        let report = Arc::clone(report.get_or_init(drop_report));
        for _ in 0..3 {
            report(&error(), "q");
        }
        let mut seen = Vec::new();
        while seen.iter().sum::<u64>() < 4 {
            tokio::task::yield_now().await;
            seen.extend(told.try_iter());
        }
        assert_eq!(seen, [1, 3]);
    }
}
