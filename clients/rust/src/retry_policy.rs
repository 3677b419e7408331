//! When and how often a message is retried.

use crate::v1::{self, Backoff, Jitter, RetryWindow};
use crate::wire_time::duration_to_wire;
use std::time::Duration;

/// When and how often a message is retried. Unset values come from the preset or the queue.
///
/// ```
/// # use dlq_client::{Jitter, RetryPolicy};
/// # use std::time::Duration;
/// let policy = RetryPolicy::new()
///     .max_retries(5)
///     .initial_delay(Duration::from_secs(1))
///     .multiplier(3.0)
///     .jitter(Jitter::Full);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy(v1::RetryPolicy);

impl RetryPolicy {
    /// Returns a policy without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a named policy to start from: webhook, validation, execution, network, auth, resource, standard.
    pub fn preset(name: impl Into<String>) -> Self {
        Self(v1::RetryPolicy {
            preset: name.into(),
            ..v1::RetryPolicy::default()
        })
    }

    /// Sets how many failed attempts quarantine the message: 0 to 1000.
    #[must_use]
    pub const fn max_retries(mut self, count: u32) -> Self {
        self.0.max_retries = Some(count);
        self
    }

    /// Sets the delay after the first failure. Not for a schedule.
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.0.initial_delay = Some(duration_to_wire(delay));
        self
    }

    /// Sets the longest delay, before jitter.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.0.max_delay = Some(duration_to_wire(delay));
        self
    }

    /// Sets how delays grow. Default: derived from `multiplier`, `increment` or `schedule`.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.0.backoff = backoff as i32;
        self
    }

    /// Sets the factor from one delay to the next, 1 to 100. For exponential backoff.
    #[must_use]
    pub const fn multiplier(mut self, factor: f64) -> Self {
        self.0.multiplier = Some(factor);
        self
    }

    /// Sets the difference of one delay to the next. For linear backoff.
    #[must_use]
    pub fn increment(mut self, increment: Duration) -> Self {
        self.0.increment = Some(duration_to_wire(increment));
        self
    }

    /// Sets the delays, 1 to 100. The last one repeats.
    #[must_use]
    pub fn schedule(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        self.0.schedule = delays.into_iter().map(duration_to_wire).collect();
        self
    }

    /// Sets how delays are spread.
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.0.jitter = jitter as i32;
        self
    }

    /// Sets how long after the send the last attempt may begin: at least 1 s, or 0 for no limit.
    #[must_use]
    pub fn max_elapsed(mut self, time: Duration) -> Self {
        self.0.max_elapsed = Some(duration_to_wire(time));
        self
    }

    /// Sets the times of day in which attempts may become due. At most 16.
    #[must_use]
    pub fn windows(mut self, windows: impl IntoIterator<Item = RetryWindow>) -> Self {
        self.0.windows = windows.into_iter().collect();
        self
    }
}

impl From<RetryPolicy> for v1::RetryPolicy {
    fn from(policy: RetryPolicy) -> Self {
        policy.0
    }
}

impl From<v1::RetryPolicy> for RetryPolicy {
    fn from(policy: v1::RetryPolicy) -> Self {
        Self(policy)
    }
}
