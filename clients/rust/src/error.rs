//! The errors of this client, and the wrappers by which a program controls retries.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use tonic::Code;

/// Any error. Handlers may return it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why an operation of this client failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No answer within the timeout.
    Deadline,
    /// More is pending than [`Coalesce`](crate::Coalesce) allows.
    BufferFull,
    /// It could not be sent in time, and the spool has no room for it.
    SpoolFull,
    /// The server refused it.
    Refused,
    /// The token is missing or wrong.
    Unauthenticated,
    /// The payload can't be encoded, or an option is invalid.
    Invalid,
    /// The send was never awaited, or `on_dropped` or a log subscriber waited for it.
    Aborted,
    /// The client was closed.
    Closed,
    /// A handler returned an error or panicked. The [source](std::error::Error::source) is that error.
    HandlerFailed,
    /// An outcome came too late and does not count.
    LeaseLost,
    /// A ping was not answered, or a worker's stream broke, which it opens again.
    Connection,
}

impl ErrorKind {
    /// Returns the name that all clients use, e.g. `buffer-full`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::BufferFull => "buffer-full",
            Self::SpoolFull => "spool-full",
            Self::Refused => "refused",
            Self::Unauthenticated => "unauthenticated",
            Self::Invalid => "invalid",
            Self::Aborted => "aborted",
            Self::Closed => "closed",
            Self::HandlerFailed => "handler-failed",
            Self::LeaseLost => "lease-lost",
            Self::Connection => "connection",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error of this client. Branch on [`kind`](Error::kind). The message explains what to do.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    maybe_stored: bool,
    code: Option<Code>,
    #[source]
    source: Option<BoxError>,
}

/// Leaves out the source, which has the bytes of a status: a `main` that returns the error prints this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("maybe_stored", &self.maybe_stored)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            maybe_stored: false,
            code: None,
            source: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn queue_without_name() -> Self {
        Self::invalid("a queue has no name; give its name")
    }

    pub(crate) fn with_maybe_stored(mut self, maybe_stored: bool) -> Self {
        self.maybe_stored = maybe_stored;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the status of the failed call.
    pub(crate) fn with_status(mut self, status: tonic::Status) -> Self {
        self.code = Some(status.code());
        self.source = Some(status.into());
        self
    }

    /// Returns the kind, to branch on.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Reports whether the server may have stored the message: a try was sent, and its answer is unknown.
    pub const fn maybe_stored(&self) -> bool {
        self.maybe_stored
    }

    /// Returns the gRPC code of the failed call, if a call failed.
    pub const fn code(&self) -> Option<Code> {
        self.code
    }
}

/// Wraps an error to set the delay of the retry, e.g. from HTTP's `Retry-After`. Replaces the policy's delay.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct RetryAfter {
    wait: Duration,
    source_type: &'static str,
    source: BoxError,
}

impl RetryAfter {
    /// Wraps `error`. The retry is due after `wait`.
    pub fn new<E: Into<BoxError>>(error: E, wait: Duration) -> Self {
        Self {
            wait,
            source_type: std::any::type_name::<E>(),
            source: error.into(),
        }
    }

    /// Returns the delay of the retry.
    pub const fn wait(&self) -> Duration {
        self.wait
    }

    pub(crate) fn inner(&self) -> (&'static str, &(dyn StdError + 'static)) {
        (self.source_type, &*self.source)
    }
}

/// Wraps an error that no retry can fix. The message is quarantined.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct NonRetryable {
    source_type: &'static str,
    source: BoxError,
}

impl NonRetryable {
    /// Wraps `error`.
    pub fn new<E: Into<BoxError>>(error: E) -> Self {
        Self {
            source_type: std::any::type_name::<E>(),
            source: error.into(),
        }
    }

    pub(crate) fn inner(&self) -> (&'static str, &(dyn StdError + 'static)) {
        (self.source_type, &*self.source)
    }
}
