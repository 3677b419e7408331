//! A delivery and its lease.

use crate::client::Client;
use crate::payload::Payload;
use crate::v1::{self, TraceContext};
use crate::wire_time::timestamp_from_wire;
use crate::worker::outcome::Outcome;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A delivery and its lease, until its outcome is reported.
pub(crate) struct Lease {
    client: Client,
    pub(super) message: v1::Message,
    payload: Payload,
    pub(crate) token: String,
    pub(crate) attempt: u32,
    pub(super) delivery_number: u32,
    pub(super) outcome_unknown: bool,
    pub(crate) cancel: CancellationToken,
    state: Mutex<State>,
    /// Notified when a send of it has its result.
    forwarded: Notify,
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
    handling: Handling,
    /// The failure by which the handler sent this message.
    send_outcome: Option<Outcome>,
    /// Sends of this delivery under way, for instance to another queue.
    forwardings: usize,
    /// The failure of the last one that was not kept. A later one that is kept takes it back.
    forwarding_failure: Option<Outcome>,
    /// How many were not kept.
    failed_forwardings: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Handling {
    /// It waits, or a stream has it.
    None,
    /// Its handler runs, or was cancelled: a send of this message makes no second one.
    Current,
    /// Its handler has ended: no send changes the outcome any more.
    Ended,
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
                handling: Handling::None,
                send_outcome: None,
                forwardings: 0,
                forwarding_failure: None,
                failed_forwardings: 0,
            }),
            forwarded: Notify::new(),
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

    pub(crate) fn expire_time(&self) -> SystemTime {
        self.state.lock().unwrap().expire_time
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.state.lock().unwrap().is_lost
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
        self.state.lock().unwrap().handling = Handling::Current;
    }

    /// Returns the outcome if the handler sent this message; or, if it has succeeded, a send to another queue was
    /// dropped. Later sends of it are new messages.
    pub(crate) fn end_handling(&self, has_succeeded: bool) -> Option<Outcome> {
        let mut state = self.state.lock().unwrap();
        state.handling = Handling::Ended;
        let forwarding_failure = state.forwarding_failure.take().filter(|_| has_succeeded);
        state.send_outcome.take().or(forwarding_failure)
    }

    /// Returns how many sends of this delivery were not kept until now.
    pub(crate) fn begin_forwarding(&self) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.forwardings += 1;
        state.failed_forwardings
    }

    /// Records the result of a send of this delivery. One that is kept takes back the failure of those that had ended
    /// before it began. Returns false if the outcome is decided.
    pub(crate) fn set_forwarding_failure(&self, earlier: u64, failure: Option<Outcome>) -> bool {
        let mut state = self.state.lock().unwrap();
        if failure.is_some() {
            state.failed_forwardings += 1;
            state.forwarding_failure = failure;
        } else if state.failed_forwardings == earlier {
            state.forwarding_failure = None;
        }
        match state.handling {
            Handling::None => !state.is_closed,
            Handling::Current => true,
            Handling::Ended => false,
        }
    }

    pub(crate) fn end_forwarding(&self) {
        self.state.lock().unwrap().forwardings -= 1;
        self.forwarded.notify_waiters();
    }

    /// Reports whether a send of this delivery has no result yet.
    pub(crate) fn is_forwarding(&self) -> bool {
        self.state.lock().unwrap().forwardings > 0
    }

    /// Returns when each send of this delivery has its result.
    pub(crate) async fn forwarded(&self) {
        loop {
            let forwarded = self.forwarded.notified();
            tokio::pin!(forwarded);
            forwarded.as_mut().enable();
            if !self.is_forwarding() {
                return;
            }
            forwarded.await;
        }
    }

    /// Makes a failed send the outcome of this delivery. Returns false if its handler has ended. A released message is
    /// in the service, whatever its handler sends.
    pub(crate) fn fail_with(&self, outcome: Outcome) -> bool {
        let mut state = self.state.lock().unwrap();
        let is_current = state.handling == Handling::Current;
        if is_current {
            state.send_outcome = Some(outcome);
        }
        is_current
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[tokio::test]
    async fn a_forwarding_that_is_dropped_before_the_decided_outcome_is_reported_is_late() {
        let client = Client::builder("127.0.0.1:1").without_spool().build().unwrap();
        let delivery = v1::Delivery {
            message: Some(v1::Message::default()),
            ..v1::Delivery::default()
        };
        let lease = Lease::new(delivery, client).unwrap();
        lease.begin_handling();
        let earlier = lease.begin_forwarding();
        assert_eq!(lease.end_handling(true), None);
        let failure = Outcome::failed(&io::Error::other("no room"));
        assert!(!lease.set_forwarding_failure(earlier, Some(failure)));
    }
}
