//! What is said of letters that wait.

use crate::call_error;
use crate::send::report::shielded;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// How often at most somebody is told that letters wait.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// When it was last said that something waits.
#[derive(Default)]
pub(crate) struct Told(Mutex<Option<Instant>>);

impl Told {
    /// Somebody has to mend what is refused, such as a token, or why nobody is reached, such as a target, and
    /// nothing else would say so.
    pub(crate) fn tell(&self, status: &Status) {
        if !self.is_time() {
            return;
        }
        if call_error::is_worth_again(status) {
            let words = call_error::words(status);
            shielded("the log", || {
                tracing::warn!("the spool keeps what can't be delivered: {words}");
            });
            return;
        }
        let error = call_error::refusal(status.clone(), true);
        shielded("the log", || {
            tracing::warn!("the spool keeps what is refused: {error}");
        });
    }

    fn is_time(&self) -> bool {
        let mut at = self.0.lock().unwrap();
        let is_early = at.is_some_and(|at| at.elapsed() < TELL_EVERY);
        if !is_early {
            *at = Some(Instant::now());
        }
        !is_early
    }
}
