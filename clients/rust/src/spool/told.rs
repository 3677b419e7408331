//! What is said of letters that wait although the service is there.

use crate::call_error;
use crate::send::report::shielded;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// How often at most somebody is told that what was refused waits.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// When it was last said that something is refused.
#[derive(Default)]
pub(crate) struct Told(Mutex<Option<Instant>>);

impl Told {
    /// Somebody has to mend what is refused, such as a token, and nothing else would say so.
    pub(crate) fn tell(&self, status: &Status) {
        if call_error::is_worth_again(status) || !self.is_time() {
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
