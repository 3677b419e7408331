//! Limits a log line that would repeat.

use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

const INTERVAL: Duration = Duration::from_secs(60);

/// Allows one line a minute.
#[derive(Default)]
pub(crate) struct OnceAMinute(Mutex<Option<Instant>>);

impl OnceAMinute {
    /// Reports whether to log the line now.
    pub(crate) fn is_due(&self) -> bool {
        let mut logged_at = self.0.lock().unwrap();
        let is_early = logged_at.is_some_and(|at| at.elapsed() < INTERVAL);
        if !is_early {
            *logged_at = Some(Instant::now());
        }
        !is_early
    }
}
