//! One hand-out of one message.

use crate::client::Client;
use crate::durations::{from_wire, instant_from_wire};
use crate::payload::Payload;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::{self, Failure, Origin, Reason, SendToDlqRequest, TraceContext};
use crate::worker::outcome::Outcome;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One hand-out of one message, as a handler sees it. Clones are the same one.
#[derive(Clone)]
pub struct Delivery(pub(crate) Arc<Lease>);

impl Delivery {
    /// The service's id of the message.
    pub fn id(&self) -> &str {
        &self.0.message.id
    }

    /// The queue it is in.
    pub fn queue(&self) -> &str {
        self.0.queue()
    }

    /// The message itself.
    pub fn payload(&self) -> &Payload {
        self.0.payload()
    }

    /// Headers of the message, as sent or as edited.
    pub fn attributes(&self) -> &HashMap<String, String> {
        &self.0.message.attributes
    }

    /// Why it failed most recently.
    pub fn reason(&self) -> Reason {
        self.0.message.reason()
    }

    /// The most recent failure, if one was reported.
    pub fn latest_failure(&self) -> Option<&Failure> {
        self.0.message.failure.as_ref()
    }

    /// How many failures are on record.
    pub fn failure_count(&self) -> u32 {
        self.0.message.failure_count
    }

    /// The sender's own identity of the message; empty if it has none.
    pub fn source_id(&self) -> &str {
        self.0.source_id()
    }

    /// As sent; empty if it has none.
    pub fn dedup_key(&self) -> &str {
        &self.0.message.dedup_key
    }

    /// As sent; empty if it has none.
    pub fn ordering_key(&self) -> &str {
        &self.0.message.ordering_key
    }

    /// As sent.
    pub fn priority(&self) -> i32 {
        self.0.message.priority
    }

    /// Where it came from.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.message.origin.as_ref()
    }

    /// W3C Trace Context of the failed processing.
    pub fn trace_context(&self) -> Option<&TraceContext> {
        self.0.trace_context()
    }

    /// Whether payload or attributes have been edited since it was sent.
    pub fn is_edited(&self) -> bool {
        self.0.message.edited
    }

    /// Which attempt this is: 1 for the first.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// Counts every hand-out, lost and released ones too.
    pub fn delivery_number(&self) -> u32 {
        self.0.delivery_number
    }

    /// An earlier delivery ended without an outcome: check whether its work has taken effect.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// When the server would take it back; moves on while the worker extends the lease.
    pub fn lease_expire_time(&self) -> SystemTime {
        self.0.state.lock().unwrap().expire_time
    }

    /// Returns when the lease is lost, or when a stopping worker waits no longer. A handler is dropped
    /// then; what it has spawned may watch this.
    pub async fn cancelled(&self) {
        self.0.cancel.cancelled().await;
    }

    /// Whether [`cancelled`](Delivery::cancelled) has come.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancel.is_cancelled()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id())
            .field("queue", &self.queue())
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Delivery {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Delivery {}

/// A delivery and its lease, until its outcome is reported.
pub(crate) struct Lease {
    client: Client,
    message: v1::Message,
    payload: Payload,
    pub(crate) token: String,
    attempt: u32,
    delivery_number: u32,
    outcome_unknown: bool,
    pub(crate) cancel: CancellationToken,
    state: Mutex<State>,
}

struct State {
    /// When it was given or last extended.
    leased_at: Instant,
    expire_time: SystemTime,
    /// The handler is done, or its outcome no longer matters.
    is_closed: bool,
    /// It is somebody else's.
    is_lost: bool,
    /// What a send of this message in its handler has said.
    sent: Option<Outcome>,
}

impl Lease {
    /// None of a delivery without a message.
    pub(crate) fn new(delivery: v1::Delivery, client: Client) -> Option<Self> {
        let mut message = delivery.message?;
        let payload = Payload::from_wire(message.payload.take().unwrap_or_default());
        let expire_time = delivery
            .lease_expire_time
            .as_ref()
            .map_or(UNIX_EPOCH, instant_from_wire);
        Some(Self {
            client,
            message,
            payload,
            token: delivery.lease_token,
            attempt: delivery.attempt,
            delivery_number: delivery.delivery_number,
            outcome_unknown: delivery.outcome_unknown,
            cancel: CancellationToken::new(),
            state: Mutex::new(State {
                leased_at: Instant::now(),
                expire_time,
                is_closed: false,
                is_lost: false,
                sent: None,
            }),
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.message.id
    }

    pub(crate) fn queue(&self) -> &str {
        &self.message.queue
    }

    pub(crate) const fn payload(&self) -> &Payload {
        &self.payload
    }

    pub(crate) fn source_id(&self) -> &str {
        &self.message.source_id
    }

    pub(crate) const fn trace_context(&self) -> Option<&TraceContext> {
        self.message.trace_context.as_ref()
    }

    /// What its handler logs belongs to it.
    pub(crate) fn span(&self) -> tracing::Span {
        let (id, queue, attempt) = (self.id(), self.queue(), self.attempt);
        tracing::info_span!("delivery", id, queue, attempt)
    }

    pub(crate) fn is_of(&self, client: &Client) -> bool {
        Arc::ptr_eq(self.client.inner(), client.inner())
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.state.lock().unwrap().is_lost
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().unwrap().is_closed
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.state.lock().unwrap().leased_at)
    }

    pub(crate) fn extended_to(&self, time: Option<&prost_types::Timestamp>) {
        let mut state = self.state.lock().unwrap();
        state.leased_at = Instant::now();
        if let Some(time) = time {
            state.expire_time = instant_from_wire(time);
        }
    }

    /// Whether that is news: not if its outcome is on the way, of which the answer will tell.
    pub(crate) fn lose(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        if state.is_closed || state.is_lost {
            return false;
        }
        state.is_lost = true;
        true
    }

    /// The first end counts. Whether there is an outcome to report.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        !std::mem::replace(&mut state.is_closed, true) && !state.is_lost
    }

    /// What its handler has said by a send, if it has.
    pub(crate) fn take_sent(&self) -> Option<Outcome> {
        self.state.lock().unwrap().sent.take()
    }

    /// The message is there already, and its handler has it: the failure is reported, not sent again.
    pub(crate) fn becomes(&self, request: SendToDlqRequest, is_non_retryable: bool) {
        let failure = request.failure.unwrap_or_default();
        let quarantines = matches!(
            failure.reason(),
            Reason::PoisonMessage | Reason::MaxRetriesExceeded
        );
        let retry_after = request.first_retry.map(|retry| match retry {
            FirstRetry::Delay(delay) => from_wire(&delay),
            FirstRetry::DueTime(time) => instant_from_wire(&time)
                .duration_since(SystemTime::now())
                .unwrap_or_default(),
        });
        let outcome = Outcome::with_failure(failure, retry_after, is_non_retryable || quarantines);
        self.state.lock().unwrap().sent = Some(outcome);
    }
}
