//! When and how often a message is retried.

use crate::durations::to_wire;
use crate::v1::{self, Backoff, Jitter, RetryWindow};
use std::time::Duration;

/// When and how often a message is retried; what is not said comes from the preset or the queue.
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
    /// One that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A named policy to start from: webhook, validation, execution, network, auth, resource,
    /// standard.
    pub fn preset(name: impl Into<String>) -> Self {
        Self(v1::RetryPolicy {
            preset: name.into(),
            ..v1::RetryPolicy::default()
        })
    }

    /// Failed attempts after which the message is quarantined: 0 to 1000.
    #[must_use]
    pub const fn max_retries(mut self, count: u32) -> Self {
        self.0.max_retries = Some(count);
        self
    }

    /// Delay after the first failure. A schedule has its own.
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.0.initial_delay = Some(to_wire(delay));
        self
    }

    /// No delay grows beyond this, before jitter.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.0.max_delay = Some(to_wire(delay));
        self
    }

    /// How delays grow. Default: what the fields of one kind say, `multiplier`, `increment` or
    /// `schedule`.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.0.backoff = backoff as i32;
        self
    }

    /// Exponential: factor from one delay to the next, 1 to 100.
    #[must_use]
    pub const fn multiplier(mut self, factor: f64) -> Self {
        self.0.multiplier = Some(factor);
        self
    }

    /// Linear: what each delay is longer than the one before.
    #[must_use]
    pub fn increment(mut self, longer: Duration) -> Self {
        self.0.increment = Some(to_wire(longer));
        self
    }

    /// Schedule: the delays one after another, 1 to 100; the last one repeats.
    #[must_use]
    pub fn schedule(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        self.0.schedule = delays.into_iter().map(to_wire).collect();
        self
    }

    /// How delays are spread.
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.0.jitter = jitter as i32;
        self
    }

    /// No attempt begins later than this after the send: at least 1 s, or 0 for no limit.
    #[must_use]
    pub fn max_elapsed(mut self, time: Duration) -> Self {
        self.0.max_elapsed = Some(to_wire(time));
        self
    }

    /// Times of day in which attempts may become due, in any of them; at most 16.
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
