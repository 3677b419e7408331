//! What becomes of a delivery.

use crate::bounded_text::cut;
use crate::cause_chain::AsError;
use crate::durations::wait_to_wire;
use crate::failure::{failure_of, is_non_retryable, retry_after_of};
use crate::v1;
use crate::v1::outcome::Result as Wire;
use std::panic::Location;
use std::time::Duration;

/// Longer notes are cut by the server, too; uncut they could spoil the call of many outcomes.
const NOTE_BYTES: usize = 1024;

/// What a delivery's outcome is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The message is done.
    Succeeded,
    /// An attempt has failed, and counts.
    Failed,
    /// It was given back.
    Released,
    /// It was set aside.
    Quarantined,
    /// It was removed without success.
    Discarded,
}

impl OutcomeKind {
    /// E.g. `succeeded`.
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

/// What a handler may return instead of `()`.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Outcome {
    wire: Wire,
}

impl Outcome {
    /// Done: what a handler that returns `Ok(())` says.
    pub const fn succeeded() -> Self {
        Self {
            wire: Wire::Succeeded(v1::Succeeded {}),
        }
    }

    /// The attempt has failed, as if the handler had returned this error.
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

    pub(crate) fn with_failure(
        failure: v1::Failure,
        retry_after: Option<Duration>,
        non_retryable: bool,
    ) -> Self {
        Self {
            wire: Wire::Failed(v1::Failed {
                failure: Some(failure),
                retry_after: retry_after.map(wait_to_wire),
                non_retryable,
            }),
        }
    }

    /// Of a failure: wait at least this long; replaces the policy's delay. At most 30 days.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if let Wire::Failed(failed) = &mut self.wire {
            failed.retry_after = Some(wait_to_wire(wait));
        }
        self
    }

    /// Of a failure: trying again can't help, to quarantine.
    pub fn non_retryable(mut self) -> Self {
        if let Wire::Failed(failed) = &mut self.wire {
            failed.non_retryable = true;
        }
        self
    }

    /// Give it back unprocessed; no attempt is counted. Comes again in 1 s or later.
    pub const fn released() -> Self {
        Self {
            wire: Wire::Released(v1::Released { delay: None }),
        }
    }

    /// Give it back unprocessed, to come again then; at most 30 days.
    pub fn released_for(delay: Duration) -> Self {
        Self {
            wire: Wire::Released(v1::Released {
                delay: Some(wait_to_wire(delay)),
            }),
        }
    }

    /// To quarantine, whatever the policy says.
    pub fn quarantined(note: impl Into<String>) -> Self {
        Self {
            wire: Wire::Quarantined(v1::Quarantined {
                note: cut(note.into(), NOTE_BYTES),
            }),
        }
    }

    /// Drop it without success.
    pub fn discarded(note: impl Into<String>) -> Self {
        Self {
            wire: Wire::Discarded(v1::Discarded {
                note: cut(note.into(), NOTE_BYTES),
            }),
        }
    }

    /// What it is called.
    pub const fn kind(&self) -> OutcomeKind {
        match self.wire {
            Wire::Succeeded(_) => OutcomeKind::Succeeded,
            Wire::Failed(_) => OutcomeKind::Failed,
            Wire::Released(_) => OutcomeKind::Released,
            Wire::Quarantined(_) => OutcomeKind::Quarantined,
            Wire::Discarded(_) => OutcomeKind::Discarded,
        }
    }

    /// Of a failure: the type of its error, where more is known of it.
    pub(crate) fn name_failure(&mut self, name: String) {
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
