//! What the callbacks get.

use crate::receipt::known_reason;
use crate::v1::{Event, MessageState, QuarantineReason, Reason};
use crate::wire_time::timestamp_from_wire;
use std::time::{SystemTime, UNIX_EPOCH};

/// What happened to a message that this client sent: see [`on_failed`](crate::ClientBuilder::on_failed).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutcomeEvent {
    /// The message's id, as in the [`Receipt`](crate::Receipt) of its send.
    pub id: String,
    /// The queue where it happened.
    pub queue: String,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Why the message failed last.
    pub reason: Reason,
    /// Why it is in quarantine.
    pub quarantine_reason: Option<QuarantineReason>,
    /// When the next attempt is due, if one is planned.
    pub due_time: Option<SystemTime>,
    /// What a worker noted, or the name of the rule that decided.
    pub note: String,
    /// When it happened, by the clock of the service.
    pub time: SystemTime,
    /// The `source_id` of the send. Empty: it had none.
    pub source_id: String,
}

impl OutcomeEvent {
    pub(super) fn new(event: Event, source_id: String) -> Self {
        let is_planned = event.state() == MessageState::Scheduled;
        Self {
            attempts: event.retry_count,
            reason: event.reason(),
            quarantine_reason: known_reason(event.quarantine_reason()),
            due_time: event
                .due_time
                .as_ref()
                .filter(|_| is_planned)
                .map(timestamp_from_wire),
            time: event.time.as_ref().map_or(UNIX_EPOCH, timestamp_from_wire),
            id: event.message_id,
            queue: event.queue,
            note: event.note,
            source_id,
        }
    }
}
