//! One delivery of one message.

use crate::payload::Payload;
use crate::v1::{Failure, Origin, Reason, TraceContext};
use crate::worker::lease::Lease;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

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
        self.0.expire_time()
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
