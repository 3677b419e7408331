//! One delivery of one message.

use crate::client::Client;
use crate::payload::Payload;
use crate::v1::{self, Failure, Origin, Reason, TraceContext};
use crate::wire_time::timestamp_from_wire;
use crate::worker::outcome::Outcome;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One delivery of one message. Clones are the same delivery.
#[derive(Clone)]
pub struct Delivery(pub(crate) Arc<Lease>);

impl Delivery {
    /// Returns the message's id.
    pub fn id(&self) -> &str {
        &self.0.message.id
    }

    /// Returns the queue.
    pub fn queue(&self) -> &str {
        self.0.queue()
    }

    /// Returns the payload.
    pub fn payload(&self) -> &Payload {
        self.0.payload()
    }

    /// Returns the headers, as sent or as edited.
    pub fn attributes(&self) -> &HashMap<String, String> {
        &self.0.message.attributes
    }

    /// Returns the reason of the latest failure.
    pub fn reason(&self) -> Reason {
        self.0.message.reason()
    }

    /// Returns the latest failure.
    pub fn latest_failure(&self) -> Option<&Failure> {
        self.0.message.failure.as_ref()
    }

    /// Returns how many failures are recorded.
    pub fn failure_count(&self) -> u32 {
        self.0.message.failure_count
    }

    /// Returns the sender's own id of the message, empty if it has none.
    pub fn source_id(&self) -> &str {
        self.0.source_id()
    }

    /// Returns the dedup key, empty if it has none.
    pub fn dedup_key(&self) -> &str {
        &self.0.message.dedup_key
    }

    /// Returns the ordering key, empty if it has none.
    pub fn ordering_key(&self) -> &str {
        &self.0.message.ordering_key
    }

    /// Returns the priority.
    pub fn priority(&self) -> i32 {
        self.0.message.priority
    }

    /// Returns where the message came from.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.message.origin.as_ref()
    }

    /// Returns the W3C Trace Context of the failed processing.
    pub fn trace_context(&self) -> Option<&TraceContext> {
        self.0.trace_context()
    }

    /// Reports whether payload or headers were edited after the send.
    pub fn is_edited(&self) -> bool {
        self.0.message.edited
    }

    /// Returns the number of the attempt, from 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// Returns the number of the delivery, from 1. Lost and released deliveries count.
    pub fn delivery_number(&self) -> u32 {
        self.0.delivery_number
    }

    /// Reports whether an earlier delivery ended without an outcome. Check whether its work has taken effect.
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Returns when the lease ends. The worker extends it.
    pub fn lease_expire_time(&self) -> SystemTime {
        self.0.state.lock().unwrap().expire_time
    }

    /// Returns when the lease is lost, or when a stopping worker waits no longer. The handler is dropped then; that of
    /// a batch when all its deliveries are cancelled. Tasks that it spawned may wait for this.
    pub async fn cancelled(&self) {
        self.0.cancel.cancelled().await;
    }

    /// Reports whether the delivery was [`cancelled`](Delivery::cancelled).
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
    pub(crate) attempt: u32,
    delivery_number: u32,
    outcome_unknown: bool,
    pub(crate) cancel: CancellationToken,
    state: Mutex<State>,
}

struct State {
    /// When the lease began or was last extended.
    leased_at: Instant,
    /// When its handler began; `None` while it waits.
    started_at: Option<Instant>,
    expire_time: SystemTime,
    /// There is an outcome, which may no longer count.
    is_closed: bool,
    /// The server has ended the lease.
    is_lost: bool,
    /// Its handler runs, and may send this message.
    is_handled: bool,
    /// The failure by which the handler sent this message.
    send_outcome: Option<Outcome>,
}

/// What the end of a delivery means for its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The outcome is to be reported.
    Now,
    /// The lease is lost: the outcome does not count.
    Lost,
    /// There was an outcome before.
    Before,
}

impl Lease {
    /// Returns `None` if the delivery has no message.
    pub(crate) fn new(delivery: v1::Delivery, client: Client) -> Option<Arc<Self>> {
        let mut message = delivery.message?;
        let payload = message.payload.take().unwrap_or_default();
        let expire_time = delivery
            .lease_expire_time
            .as_ref()
            .map_or(UNIX_EPOCH, timestamp_from_wire);
        Some(Arc::new_cyclic(|this| Self {
            client,
            message,
            payload: Payload::of_delivery(payload, this.clone()),
            token: delivery.lease_token,
            attempt: delivery.attempt,
            delivery_number: delivery.delivery_number,
            outcome_unknown: delivery.outcome_unknown,
            cancel: CancellationToken::new(),
            state: Mutex::new(State {
                leased_at: Instant::now(),
                started_at: None,
                expire_time,
                is_closed: false,
                is_lost: false,
                is_handled: false,
                send_outcome: None,
            }),
        }))
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

    pub(crate) fn is_of_service_of(&self, client: &Client) -> bool {
        self.client.inner().target == client.inner().target
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

    /// Records that its handler begins.
    pub(crate) fn start(&self) {
        self.state.lock().unwrap().started_at = Some(Instant::now());
    }

    /// Returns for how long its handler has run. `None` if it has not begun.
    pub(crate) fn running_time(&self) -> Option<Duration> {
        let started_at = self.state.lock().unwrap().started_at;
        started_at.map(|at| at.elapsed())
    }

    pub(crate) fn extended_to(&self, time: Option<&prost_types::Timestamp>) {
        let mut state = self.state.lock().unwrap();
        state.leased_at = Instant::now();
        if let Some(time) = time {
            state.expire_time = timestamp_from_wire(time);
        }
    }

    /// Marks the lease as lost. Returns false if it was lost before, or if its outcome is being reported.
    pub(crate) fn lose(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        if state.is_closed || state.is_lost {
            return false;
        }
        state.is_lost = true;
        true
    }

    /// Ends the delivery with an outcome.
    pub(crate) fn close(&self) -> Closed {
        let mut state = self.state.lock().unwrap();
        if std::mem::replace(&mut state.is_closed, true) {
            Closed::Before
        } else if state.is_lost {
            Closed::Lost
        } else {
            Closed::Now
        }
    }

    /// Reports whether the handler sent this message.
    pub(crate) fn has_send_outcome(&self) -> bool {
        self.state.lock().unwrap().send_outcome.is_some()
    }

    /// Makes sends of this message its outcome, until `end_handling`.
    pub(crate) fn begin_handling(&self) {
        self.state.lock().unwrap().is_handled = true;
    }

    /// Returns the outcome if the handler sent this message. Later sends of it are new messages.
    pub(crate) fn end_handling(&self) -> Option<Outcome> {
        let mut state = self.state.lock().unwrap();
        state.is_handled = false;
        state.send_outcome.take()
    }

    /// Makes a failed send the outcome of this delivery. Returns false if its handler does not run.
    pub(crate) fn fail_with(&self, outcome: Outcome) -> bool {
        let mut state = self.state.lock().unwrap();
        let is_running = state.is_handled && !state.is_closed;
        if is_running {
            state.send_outcome = Some(outcome);
        }
        is_running
    }
}
