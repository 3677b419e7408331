//! Records the messages of log lines.

use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// A layer that records the level and message of each line. Clones share the lines.
#[derive(Clone, Default)]
pub(crate) struct LogLines(Arc<Mutex<Vec<(Level, String)>>>);

impl LogLines {
    /// Returns the lines that contain `text`.
    pub(crate) fn with(&self, text: &str) -> Vec<(Level, String)> {
        let lines = self.0.lock().unwrap();
        let found = lines.iter().filter(|(_, line)| line.contains(text));
        found.cloned().collect()
    }
}

impl<S: Subscriber> Layer<S> for LogLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Message(self, *event.metadata().level()));
    }
}

struct Message<'a>(&'a LogLines, Level);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let lines = &self.0.0;
            lines.lock().unwrap().push((self.1, format!("{value:?}")));
        }
    }
}
