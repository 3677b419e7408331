//! What can go wrong in this client, and errors by which a program tells it what to do.

use std::error::Error as StdError;
use std::time::Duration;
use tonic::Code;

/// Any error, as handlers may return it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a call of this client did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No answer within the timeout.
    Deadline,
    /// More is pending than [`Coalesce`](crate::Coalesce) allows.
    BufferFull,
    /// It could not be sent in time, and there is no room to keep it.
    SpoolFull,
    /// The server looked at it and said no.
    Refused,
    /// The server wants a token, or another one.
    Unauthenticated,
    /// It can't be put on the wire, or an option makes no sense.
    Invalid,
    /// The client was closed.
    Closed,
    /// An outcome came too late and does not count.
    LeaseLost,
    /// A worker's stream broke; it is opened again.
    Connection,
}

impl ErrorKind {
    /// As the contract of all clients names it, e.g. `buffer-full`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::BufferFull => "buffer-full",
            Self::SpoolFull => "spool-full",
            Self::Refused => "refused",
            Self::Unauthenticated => "unauthenticated",
            Self::Invalid => "invalid",
            Self::Closed => "closed",
            Self::LeaseLost => "lease-lost",
            Self::Connection => "connection",
        }
    }
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error of this client. Branch on [`kind`](Error::kind); its words say what to do.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub struct Error {
    kind: ErrorKind,
    words: String,
    maybe_stored: bool,
    code: Option<Code>,
    #[source]
    source: Option<BoxError>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
            maybe_stored: false,
            code: None,
            source: None,
        }
    }

    pub(crate) fn invalid(words: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, words)
    }

    pub(crate) fn maybe_stored_if(mut self, maybe_stored: bool) -> Self {
        self.maybe_stored = maybe_stored;
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With the status of the call that failed.
    pub(crate) fn of_call(mut self, status: tonic::Status) -> Self {
        self.code = Some(status.code());
        self.source = Some(status.into());
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// True: a try went out and its answer is not known, so the server may have taken it.
    pub const fn maybe_stored(&self) -> bool {
        self.maybe_stored
    }

    /// The status of the call that failed, if one did.
    pub const fn code(&self) -> Option<Code> {
        self.code
    }
}

/// Says that somebody named the time to come back, e.g. by HTTP's `Retry-After`: it replaces the
/// policy's delay. Wraps the error itself.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct RetryAfter {
    wait: Duration,
    source_type: &'static str,
    source: BoxError,
}

impl RetryAfter {
    /// Of `error`, not before `wait` is over.
    pub fn new<E: Into<BoxError>>(error: E, wait: Duration) -> Self {
        Self {
            wait,
            source_type: std::any::type_name::<E>(),
            source: error.into(),
        }
    }

    /// How long to wait.
    pub const fn wait(&self) -> Duration {
        self.wait
    }

    pub(crate) fn wrapped(&self) -> (&'static str, &(dyn StdError + 'static)) {
        (self.source_type, &*self.source)
    }
}

/// Says that trying again can't help: the message goes to quarantine. Wraps the error itself.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct NonRetryable {
    source_type: &'static str,
    source: BoxError,
}

impl NonRetryable {
    /// Of `error`.
    pub fn new<E: Into<BoxError>>(error: E) -> Self {
        Self {
            source_type: std::any::type_name::<E>(),
            source: error.into(),
        }
    }

    pub(crate) fn wrapped(&self) -> (&'static str, &(dyn StdError + 'static)) {
        (self.source_type, &*self.source)
    }
}
