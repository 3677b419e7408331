//! One send without a result, and the errors that it may end with.

use crate::call_error;
use crate::error::{Error, ErrorKind};
use crate::receipt::Receipt;
use crate::send::calls::SizedRequest;
use crate::send::send_report::SendReport;
use crate::sent_by::SentBy;
use crate::spool::MAX_BODY_BYTES;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;

const CLOSED: &str = "the client was closed before the message was sent";

pub(crate) const RUNTIME_ENDED: &str =
    "the runtime in which the client was built has ended; build a client in each runtime";

pub(crate) type Reply = oneshot::Sender<Result<Receipt, Error>>;

/// One send without a result.
pub(crate) struct PendingSend {
    pub(crate) sized: Arc<SizedRequest>,
    pub(crate) deadline: Instant,
    /// An earlier try may have reached the server.
    was_maybe_stored: bool,
    /// A call carries it at present.
    pub(crate) is_in_call: bool,
    /// The spool is storing it. It is no longer sent from here.
    pub(crate) is_spooling: bool,
    last_error: Option<Arc<Status>>,
    pub(crate) sent_by: SentBy,
    report: SendReport,
    reply: Reply,
}

impl PendingSend {
    pub(crate) fn new(sized: Arc<SizedRequest>, deadline: Instant, report: SendReport, reply: Reply) -> Self {
        Self {
            sized,
            deadline,
            was_maybe_stored: false,
            is_in_call: false,
            is_spooling: false,
            last_error: None,
            sent_by: SentBy::current(),
            report,
            reply,
        }
    }

    /// Records a try that ended without a result.
    pub(crate) fn try_failed(&mut self, error: Option<Arc<Status>>, maybe_stored: bool) {
        self.was_maybe_stored |= maybe_stored;
        self.is_in_call = false;
        // Keep an earlier error, such as a wrong certificate: a timeout explains less.
        let keeps_earlier = self.last_error.is_some() && error.as_deref().is_some_and(call_error::is_timeout);
        if !keeps_earlier {
            self.last_error = error.or(self.last_error.take());
        }
    }

    /// Hands it to the spool. `cause` is the reason if no try of its own has failed.
    pub(crate) fn start_spooling(&mut self, cause: Option<Arc<Status>>) {
        self.is_spooling = true;
        self.last_error = self.last_error.take().or(cause);
    }

    pub(crate) fn last_error(&self) -> Option<&Status> {
        self.last_error.as_deref()
    }

    pub(crate) const fn was_maybe_stored(&self) -> bool {
        self.was_maybe_stored
    }

    /// Reports whether the server may have stored it without an answer.
    pub(crate) const fn maybe_stored(&self) -> bool {
        self.was_maybe_stored || self.is_in_call
    }

    pub(crate) fn reply(self, result: Result<Receipt, Error>) {
        self.report.end(&self.sized.request, &result);
        let _ = self.reply.send(result); // the caller may have dropped its future
    }

    pub(crate) fn deadline_error(&self) -> Error {
        let reason = self
            .reason()
            .unwrap_or_else(|| call_error::status_text(&no_answer()));
        let message =
            format!("not sent in time: {reason}; check the server, raise the timeout, or use a spool");
        self.with_last_error(Error::new(ErrorKind::Deadline, message))
    }

    pub(crate) fn spool_full_error(&self, max_bytes: u64) -> Error {
        let full = format!("no room in the spool of {max_bytes} bytes");
        let message = match self.reason() {
            Some(reason) => format!(
                "{full}, and the message was not sent: {reason}; fix that, or raise SpoolOptions::max_bytes"
            ),
            None => format!("{full}; check the server, or raise SpoolOptions::max_bytes"),
        };
        self.with_last_error(Error::new(ErrorKind::SpoolFull, message))
    }

    pub(crate) fn too_long_error(&self) -> Error {
        let reason = match self.reason() {
            Some(reason) => format!(", and was not sent: {reason}"),
            None => String::new(),
        };
        let message = format!(
            "the message is longer than a spool record of {MAX_BODY_BYTES} bytes{reason}; store large content elsewhere and send a reference"
        );
        self.with_last_error(Error::new(ErrorKind::SpoolFull, message))
    }

    pub(crate) fn closed_error(&self) -> Error {
        let error = match self.reason() {
            Some(reason) => Error::new(ErrorKind::Closed, format!("{CLOSED}: {reason}")),
            None => closed_error(),
        };
        self.with_last_error(error)
    }

    fn reason(&self) -> Option<String> {
        self.last_error().map(call_error::status_text)
    }

    fn with_last_error(&self, error: Error) -> Error {
        let error = error.with_maybe_stored(self.maybe_stored());
        match self.last_error.as_deref() {
            Some(status) => error.with_status(status.clone()),
            None => error,
        }
    }
}

/// Returns the error of a send whose deadline is over before any try failed.
pub(crate) fn no_answer() -> Status {
    Status::deadline_exceeded("the server did not answer")
}

pub(crate) fn closed_error() -> Error {
    Error::new(ErrorKind::Closed, CLOSED)
}

/// Returns the error of a send of `bytes` while `pending` others take `pending_bytes` of `max_bytes`.
pub(crate) fn buffer_full_error(
    bytes: usize,
    pending: usize,
    pending_bytes: usize,
    max_bytes: usize,
) -> Error {
    let message = if bytes > max_bytes {
        format!(
            "the message takes {bytes} bytes, and no more than {max_bytes} may be pending; store large content elsewhere, or raise Coalesce::max_pending_bytes"
        )
    } else {
        format!(
            "no room for {bytes} bytes: {pending} sends of {pending_bytes} bytes are pending; send less at once, or raise Coalesce::max_pending_messages and max_pending_bytes"
        )
    };
    Error::new(ErrorKind::BufferFull, message)
}

pub(crate) fn runtime_ended_error() -> Error {
    Error::new(ErrorKind::Closed, RUNTIME_ENDED)
}
