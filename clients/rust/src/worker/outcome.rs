//! The outcome of a delivery.

use crate::bounded_text::truncate;
use crate::cause_chain::AsError;
use crate::failure::{failure_of, fingerprint_of, is_non_retryable, retry_after_of};
use crate::v1::outcome::Result as Wire;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::{self, Reason, SendToDlqRequest};
use crate::wire_time::{duration_from_wire, retry_wait_to_wire, timestamp_from_wire};
use std::panic::Location;
use std::time::{Duration, SystemTime};

/// The server truncates longer notes, too. A very long one could fail the call of many outcomes.
const NOTE_BYTES: usize = 1024;

/// The kind of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The message is done.
    Succeeded,
    /// The attempt failed. It is counted.
    Failed,
    /// The message was given back.
    Released,
    /// The message was set aside.
    Quarantined,
    /// The message was removed without success.
    Discarded,
}

impl OutcomeKind {
    /// Returns the name, e.g. `succeeded`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::Quarantined => "quarantined",
            Self::Discarded => "discarded",
        }
    }
}

impl std::fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An outcome that a handler may return instead of `()`.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Outcome {
    wire: Wire,
}

impl Outcome {
    /// The message is done, as by `Ok(())`.
    pub const fn succeeded() -> Self {
        Self {
            wire: Wire::Succeeded(v1::Succeeded {}),
        }
    }

    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.wire, Wire::Succeeded(_))
    }

    /// The attempt failed, as by returning this error.
    #[track_caller]
    pub fn failed<E: AsError + ?Sized>(error: &E) -> Self {
        Self::failed_at(error, Location::caller())
    }

    pub(crate) fn failed_at<E: AsError + ?Sized>(error: &E, place: &Location<'_>) -> Self {
        let found = error.as_error();
        Self::with_failure(
            failure_of(error, place),
            retry_after_of(found),
            is_non_retryable(found),
        )
    }

    /// The attempt failed with the failure of a send.
    pub(crate) fn of_send(request: &SendToDlqRequest, is_non_retryable: bool) -> Self {
        let failure = request.failure.clone().unwrap_or_default();
        let quarantines = matches!(
            failure.reason(),
            Reason::PoisonMessage | Reason::MaxRetriesExceeded
        );
        let retry_after = request.first_retry.as_ref().map(|retry| match retry {
            FirstRetry::Delay(delay) => duration_from_wire(delay),
            FirstRetry::DueTime(time) => timestamp_from_wire(time)
                .duration_since(SystemTime::now())
                .unwrap_or_default(),
        });
        Self::with_failure(failure, retry_after, is_non_retryable || quarantines)
    }

    pub(crate) fn with_failure(
        failure: v1::Failure,
        retry_after: Option<Duration>,
        non_retryable: bool,
    ) -> Self {
        Self {
            wire: Wire::Failed(v1::Failed {
                failure: Some(failure),
                retry_after: retry_after.map(retry_wait_to_wire),
                non_retryable,
            }),
        }
    }

    /// Sets the delay of a failure, at most 30 days. Replaces the policy's delay.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Wire::Failed(failed) = &mut self.wire {
            failed.retry_after = Some(retry_wait_to_wire(wait));
        }
        self
    }

    /// Marks a failure that no retry can fix. The message is quarantined.
    pub fn non_retryable(mut self) -> Self {
        if let Wire::Failed(failed) = &mut self.wire {
            failed.non_retryable = true;
        }
        self
    }

    /// Sets the fingerprint of a failure, as [`SendRequest::fingerprint`](crate::SendRequest::fingerprint) does.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        if let Wire::Failed(failed) = &mut self.wire {
            failed.failure.get_or_insert_default().fingerprint = fingerprint_of(fingerprint);
        }
        self
    }

    /// Releases the message unprocessed, without counting an attempt. It is due again after 1 s or more.
    pub const fn released() -> Self {
        Self {
            wire: Wire::Released(v1::Released { delay: None }),
        }
    }

    /// Releases the message unprocessed. It is due again after `delay`, at most 30 days.
    pub fn released_for(delay: Duration) -> Self {
        Self {
            wire: Wire::Released(v1::Released {
                delay: Some(retry_wait_to_wire(delay)),
            }),
        }
    }

    /// Quarantines the message, whatever the policy.
    pub fn quarantined(note: impl Into<String>) -> Self {
        Self {
            wire: Wire::Quarantined(v1::Quarantined {
                note: truncate(note.into(), NOTE_BYTES),
            }),
        }
    }

    /// Removes the message without success.
    pub fn discarded(note: impl Into<String>) -> Self {
        Self {
            wire: Wire::Discarded(v1::Discarded {
                note: truncate(note.into(), NOTE_BYTES),
            }),
        }
    }

    /// Returns the kind.
    pub const fn kind(&self) -> OutcomeKind {
        match self.wire {
            Wire::Succeeded(_) => OutcomeKind::Succeeded,
            Wire::Failed(_) => OutcomeKind::Failed,
            Wire::Released(_) => OutcomeKind::Released,
            Wire::Quarantined(_) => OutcomeKind::Quarantined,
            Wire::Discarded(_) => OutcomeKind::Discarded,
        }
    }

    /// Returns the failure of a failed attempt.
    #[cfg(feature = "opentelemetry")]
    pub(crate) const fn failure(&self) -> Option<&v1::Failure> {
        match &self.wire {
            Wire::Failed(failed) => failed.failure.as_ref(),
            _ => None,
        }
    }

    /// Sets the type of a failure.
    pub(crate) fn set_failure_type(&mut self, name: String) {
        if let Wire::Failed(v1::Failed {
            failure: Some(failure),
            ..
        }) = &mut self.wire
        {
            failure.r#type = name;
        }
    }

    pub(crate) fn into_wire(self, lease_token: String) -> v1::Outcome {
        v1::Outcome {
            lease_token,
            result: Some(self.wire),
        }
    }
}
