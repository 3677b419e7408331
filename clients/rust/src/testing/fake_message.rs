//! A message of the fake.

use crate::payload::Payload;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::{self, Failure, MessageState, QuarantineReason, Reason, SendToDlqRequest};
use crate::wire_time::{duration_from_wire, timestamp_from_wire, timestamp_to_wire};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Longer than any test runs.
pub(super) const LEASE: Duration = Duration::from_secs(3_600);

/// The state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FakeState {
    /// Waits until it is due.
    Scheduled,
    /// A worker processes it.
    InFlight,
    /// Set aside.
    Quarantined,
    /// A handler succeeded. The service would have removed it.
    Succeeded,
    /// A handler discarded it.
    Discarded,
}

/// A message and its state.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FakeMessage {
    /// The message's id.
    pub id: String,
    /// The request that sent it.
    pub request: SendToDlqRequest,
    /// The state.
    pub state: FakeState,
    /// Why it is quarantined.
    pub quarantine_reason: Option<QuarantineReason>,
    /// Failed attempts.
    pub attempts: u32,
    /// Deliveries.
    pub deliveries: u32,
    /// The failure of the send, then those of attempts and of sends that joined.
    pub failures: Vec<Failure>,
    /// The note of a handler that discarded or quarantined it.
    pub note: String,
    pub(super) payload: Payload,
    pub(super) due_at: Instant,
    pub(super) lease_token: String,
    /// The session of the worker that processes it.
    pub(super) session_id: String,
}

/// Returns a `UUIDv7`: it begins with the time.
fn new_id() -> String {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = format!("{:012x}", ms.as_millis());
    let (random, variant) = (rand::random::<u16>() >> 4, rand::random::<u16>() >> 2 | 0x8000);
    let rest = rand::random::<u64>() >> 16;
    format!(
        "{}-{}-7{random:03x}-{variant:04x}-{rest:012x}",
        &time[..8],
        &time[8..]
    )
}

impl FakeMessage {
    pub(super) fn new(request: SendToDlqRequest) -> Self {
        // Due at once by default: tests do not wait for a policy.
        let wait = match &request.first_retry {
            Some(FirstRetry::Delay(delay)) => duration_from_wire(delay),
            Some(FirstRetry::DueTime(time)) => timestamp_from_wire(time)
                .duration_since(SystemTime::now())
                .unwrap_or_default(),
            None => Duration::ZERO,
        };
        let now = Instant::now();
        Self {
            id: new_id(),
            state: FakeState::Scheduled,
            quarantine_reason: None,
            attempts: 0,
            deliveries: 0,
            failures: Vec::new(),
            note: String::new(),
            payload: Payload::from_wire(request.payload.clone().unwrap_or_default()),
            // A due time may be beyond the range of the clock.
            due_at: now.checked_add(wait).unwrap_or(now + LEASE * 1_000_000),
            lease_token: String::new(),
            session_id: String::new(),
            request,
        }
    }

    /// Returns the payload.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Returns the given reason. The fake derives no reason from errors.
    pub fn reason(&self) -> Reason {
        let reason = self.failures.last().map(Failure::reason).unwrap_or_default();
        match reason {
            Reason::Unspecified => Reason::UnknownError,
            known => known,
        }
    }

    /// Returns `None` if the service would have removed it.
    pub(super) const fn wire_state(&self) -> Option<MessageState> {
        match self.state {
            FakeState::Scheduled => Some(MessageState::Scheduled),
            FakeState::InFlight => Some(MessageState::InFlight),
            FakeState::Quarantined => Some(MessageState::Quarantined),
            FakeState::Succeeded | FakeState::Discarded => None,
        }
    }

    pub(super) fn due_time(&self) -> Option<prost_types::Timestamp> {
        let wait = self.due_at.saturating_duration_since(Instant::now());
        (self.state == FakeState::Scheduled).then(|| timestamp_to_wire(SystemTime::now() + wait))
    }

    pub(super) fn quarantine(&mut self, reason: QuarantineReason) {
        self.state = FakeState::Quarantined;
        self.quarantine_reason = Some(reason);
    }

    pub(super) fn delivery(&self) -> v1::Delivery {
        let request = self.request.clone();
        let message = v1::Message {
            id: self.id.clone(),
            queue: request.queue,
            payload: request.payload,
            attributes: request.attributes,
            source_id: request.source_id,
            dedup_key: request.dedup_key,
            ordering_key: request.ordering_key,
            priority: request.priority,
            origin: request.origin,
            trace_context: request.trace_context,
            reason: self.reason().into(),
            failure: self.failures.last().cloned(),
            failure_count: u32::try_from(self.failures.len()).unwrap_or(u32::MAX),
            attempts: self.attempts,
            ..v1::Message::default()
        };
        v1::Delivery {
            message: Some(message),
            lease_token: self.lease_token.clone(),
            lease_expire_time: Some(timestamp_to_wire(SystemTime::now() + LEASE)),
            attempt: self.attempts + 1,
            delivery_number: self.deliveries,
            ..v1::Delivery::default()
        }
    }
}
