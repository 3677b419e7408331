//! One send that has no result yet.

use crate::call_error;
use crate::error::{Error, ErrorKind};
use crate::receipt::Receipt;
use crate::send::letter::Letter;
use crate::spool::MOST_BODY_BYTES;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;

const CLOSED: &str = "the client was closed before this was sent";

/// What whoever sent it waits for.
pub(crate) type Reply = oneshot::Sender<Result<Receipt, Error>>;

/// One send that has no result yet.
pub(crate) struct Pending {
    pub(crate) letter: Arc<Letter>,
    pub(crate) deadline: Instant,
    /// An earlier try went out, and its effect is not known.
    was_maybe_stored: bool,
    /// A try is out.
    pub(crate) is_out: bool,
    /// It is on its way to the spool, and no longer to the server.
    pub(crate) is_leaving: bool,
    last_error: Option<Arc<Status>>,
    reply: Reply,
}

impl Pending {
    pub(crate) const fn new(letter: Arc<Letter>, deadline: Instant, reply: Reply) -> Self {
        Self {
            letter,
            deadline,
            was_maybe_stored: false,
            is_out: false,
            is_leaving: false,
            last_error: None,
            reply,
        }
    }

    /// A try has ended without a result.
    pub(crate) fn tried(&mut self, error: Option<Arc<Status>>, maybe_stored: bool) {
        self.was_maybe_stored |= maybe_stored;
        self.is_out = false;
        // One that nobody has answered tells less than an earlier one, such as of a certificate.
        let knows_more = self.last_error.is_some() && error.as_deref().is_some_and(call_error::is_silent);
        if !knows_more {
            self.last_error = error.or(self.last_error.take());
        }
    }

    /// For the spool. If no try of its own has failed, that is why.
    pub(crate) fn leaves_for(&mut self, cause: Option<Arc<Status>>) {
        self.is_leaving = true;
        self.last_error = self.last_error.take().or(cause);
    }

    pub(crate) fn last_error(&self) -> Option<&Status> {
        self.last_error.as_deref()
    }

    pub(crate) const fn was_maybe_stored(&self) -> bool {
        self.was_maybe_stored
    }

    /// The server may have it, although no answer says so.
    pub(crate) const fn maybe_stored(&self) -> bool {
        self.was_maybe_stored || self.is_out
    }

    /// Whoever sent it may have stopped to wait.
    pub(crate) fn reply(self, result: Result<Receipt, Error>) {
        let _ = self.reply.send(result);
    }

    pub(crate) fn late(&self) -> Error {
        let why = self.why().unwrap_or_else(|| call_error::words(&no_answer()));
        self.failed(Error::new(
            ErrorKind::Deadline,
            format!("not sent in time: {why}; is the server up? Keep the message elsewhere, or give a longer timeout"),
        ))
    }

    pub(crate) fn spool_full(&self, most_bytes: u64) -> Error {
        let bound = format!("the spool has no room for it, its bound is {most_bytes} bytes");
        let words = match self.why() {
            Some(why) => {
                format!("{bound}, and it was not sent: {why}; mend that, or raise SpoolOptions::max_bytes")
            }
            None => format!("{bound}; is the server up? Else raise SpoolOptions::max_bytes"),
        };
        self.failed(Error::new(ErrorKind::SpoolFull, words))
    }

    pub(crate) fn too_long(&self) -> Error {
        let bound =
            format!("it is longer than the {MOST_BODY_BYTES} bytes that the spool has room for in a record");
        let why = match self.why() {
            Some(why) => format!(", and was not sent: {why}; keep"),
            None => "; is the server up? Else keep".to_owned(),
        };
        let words = format!("{bound}{why} large content elsewhere, and send a reference");
        self.failed(Error::new(ErrorKind::SpoolFull, words))
    }

    pub(crate) fn closed(&self) -> Error {
        let error = match self.why() {
            Some(why) => Error::new(
                ErrorKind::Closed,
                format!("{CLOSED}; the server had not taken it: {why}"),
            ),
            None => closed_error(),
        };
        self.failed(error)
    }

    fn why(&self) -> Option<String> {
        self.last_error().map(call_error::words)
    }

    fn failed(&self, error: Error) -> Error {
        let error = error.maybe_stored_if(self.maybe_stored());
        match self.last_error.as_deref() {
            Some(status) => error.of_call(status.clone()),
            None => error,
        }
    }
}

/// Why a send is late of which no try has failed.
pub(crate) fn no_answer() -> Status {
    Status::deadline_exceeded("the server did not answer")
}

pub(crate) fn closed_error() -> Error {
    Error::new(ErrorKind::Closed, CLOSED)
}

/// `bytes` are its own, `most_bytes` of all that may be pending.
pub(crate) fn buffer_full(bytes: usize, pending: usize, pending_bytes: usize, most_bytes: usize) -> Error {
    if bytes > most_bytes {
        let words = format!(
            "it takes {bytes} bytes, and no more than {most_bytes} may be pending; keep large content elsewhere, or raise Coalesce::max_pending_bytes"
        );
        return Error::new(ErrorKind::BufferFull, words);
    }
    Error::new(
        ErrorKind::BufferFull,
        format!(
            "no room for its {bytes} bytes, {pending} sends of {pending_bytes} bytes are pending already; send less at once, or raise Coalesce::max_pending_messages and max_pending_bytes"
        ),
    )
}

pub(crate) fn runtime_over() -> Error {
    let words = "the runtime in which the client was built has been shut down; build one in each";
    Error::new(ErrorKind::Closed, words)
}
