//! The state of a client, and a call that checks the service.

use crate::call_error::{is_retryable, refusal, status_text};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::receipt::Receipt;
use crate::send::reachability::Reachability;
use crate::spool::{SharedUsage, Usage};
use crate::v1::StatsRequest;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// The queue whose counts a ping reads. It need not exist.
const PING_QUEUE: &str = "ping";

/// The state of a client, for health checks and metrics of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStatus {
    /// False while calls fail, so that sends go to the spool at once. True before the first call.
    pub is_available: bool,
    /// Why it is unavailable.
    pub last_error: Option<String>,
    /// `None` without a spool.
    pub spool: Option<SpoolUsage>,
    /// The sends since the start, by their result.
    pub sends: SendCounts,
}

/// The messages that a client still has to send from its spool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolUsage {
    /// Number of messages.
    pub messages: usize,
    /// Bytes of their files, and of messages in memory.
    pub bytes: u64,
    /// Age of the oldest file or message in memory; 0 if there is none.
    pub oldest_age: Duration,
}

impl From<Usage> for SpoolUsage {
    fn from(usage: Usage) -> Self {
        Self {
            messages: usage.messages,
            bytes: usage.bytes,
            oldest_age: usage.oldest_age(),
        }
    }
}

/// Number of sends, by their result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendCounts {
    /// [`Receipt::Sent`].
    pub sent: u64,
    /// [`Receipt::Joined`].
    pub joined: u64,
    /// [`Receipt::Spooled`].
    pub spooled: u64,
    /// [`Receipt::Delivery`].
    pub delivery: u64,
    /// Errors.
    pub dropped: u64,
}

/// Returns the name of a send's result that all clients use.
#[cfg(feature = "opentelemetry")]
pub(crate) const fn status_name(result: &Result<Receipt, Error>) -> &'static str {
    match result {
        Ok(Receipt::Sent(_)) => "sent",
        Ok(Receipt::Joined(_)) => "joined",
        Ok(Receipt::Spooled { .. }) => "spooled",
        Ok(Receipt::Delivery { .. }) => "delivery",
        Err(_) => "dropped",
    }
}

/// Counts sends.
#[derive(Default)]
pub(crate) struct SendCounter {
    sent: AtomicU64,
    joined: AtomicU64,
    spooled: AtomicU64,
    delivery: AtomicU64,
    dropped: AtomicU64,
}

impl SendCounter {
    pub(crate) fn add(&self, result: &Result<Receipt, Error>) {
        let count = match result {
            Ok(Receipt::Sent(_)) => &self.sent,
            Ok(Receipt::Joined(_)) => &self.joined,
            Ok(Receipt::Spooled { .. }) => &self.spooled,
            Ok(Receipt::Delivery { .. }) => &self.delivery,
            Err(_) => &self.dropped,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn counts(&self) -> SendCounts {
        SendCounts {
            sent: self.sent.load(Ordering::Relaxed),
            joined: self.joined.load(Ordering::Relaxed),
            spooled: self.spooled.load(Ordering::Relaxed),
            delivery: self.delivery.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

/// The parts of a client that have its state.
pub(crate) struct ClientState {
    pub(crate) reachability: Arc<Reachability>,
    /// `None` without a spool.
    spool: Option<Arc<SharedUsage>>,
    pub(crate) sends: SendCounter,
    /// Sends are refused.
    pub(crate) is_closed: AtomicBool,
}

impl ClientState {
    pub(crate) fn new(reachability: Arc<Reachability>, spool: Option<Arc<SharedUsage>>) -> Self {
        Self {
            reachability,
            spool,
            sends: SendCounter::default(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Returns `None` after a close.
    #[cfg(feature = "opentelemetry")]
    pub(crate) fn open_status(&self) -> Option<ClientStatus> {
        (!self.is_closed.load(Ordering::SeqCst)).then(|| self.status())
    }

    pub(crate) fn status(&self) -> ClientStatus {
        let is_available = !self.reachability.is_unavailable();
        let last_error = self.reachability.last_error().filter(|_| !is_available);
        ClientStatus {
            is_available,
            last_error: last_error.map(|status| status_text(&status)),
            spool: self.spool.as_ref().map(|usage| usage.get().into()),
            sends: self.sends.counts(),
        }
    }
}

impl Client {
    /// Returns what this client has sent and still keeps, and whether its calls fail. Makes no call.
    pub fn status(&self) -> ClientStatus {
        self.inner().metrics.state().status()
    }

    /// Asks the service once, with the token, and the service its store. Returns how long it took. Waits as long as
    /// a send: for the client's timeout.
    ///
    /// # Errors
    ///
    /// The error says what to do. Its kind is [`ErrorKind::Connection`] if there is no answer, or the store of the
    /// service does not work; [`ErrorKind::Unauthenticated`], [`ErrorKind::Refused`], or [`ErrorKind::Closed`].
    pub async fn ping(&self) -> Result<Duration, Error> {
        let inner = self.inner();
        if self.is_closed() {
            let message = "the client is closed; build another one";
            return Err(Error::new(ErrorKind::Closed, message));
        }
        let began_at = Instant::now();
        let request = StatsRequest {
            queues: vec![PING_QUEUE.to_owned()],
            ..StatsRequest::default()
        };
        let call = inner.channel.call(inner.timeout, |mut service| async move {
            service.stats(request).await
        });
        match call.await {
            Ok(_) => {
                inner.metrics.state().reachability.call_answered(began_at);
                Ok(began_at.elapsed())
            }
            Err(status) if is_retryable(&status) => Err(unanswered(&inner.target, status)),
            Err(status) => Err(refusal(status, false).with_maybe_stored(false)),
        }
    }
}

fn unanswered(target: &str, status: Status) -> Error {
    let reason = status_text(&status);
    let message = if status.details().is_empty() {
        format!("{target} does not answer: {reason}; is the server up?")
    } else {
        format!("the service at {target} is unavailable: {reason}; is its store up?")
    };
    Error::new(ErrorKind::Connection, message).with_status(status)
}
