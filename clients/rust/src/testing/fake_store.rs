//! The messages of the fake and their states.

use crate::payload::is_same_payload;
use crate::testing::fake_events::FakeEvents;
use crate::testing::fake_message::{FakeMessage, FakeState};
use crate::v1::outcome::Result as Wire;
use crate::v1::{EventType, Outcome, QuarantineReason, Reason, SendToDlqRequest, SendToDlqResponse};
use crate::wire_time::duration_from_wire;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// The service's default.
const MAX_RETRIES: u32 = 3;

#[derive(Default)]
pub(super) struct FakeStore {
    pub(super) messages: Vec<FakeMessage>,
    /// The response of each request id.
    responses: HashMap<String, SendToDlqResponse>,
    pub(super) events: FakeEvents,
    pub(super) is_down: bool,
}

impl FakeStore {
    pub(super) fn accept(&mut self, request: SendToDlqRequest) -> SendToDlqResponse {
        if let Some(response) = self.responses.get(&request.request_id) {
            return response.clone();
        }
        let request_id = request.request_id.clone();
        let earlier = self.messages.iter().position(|one| joins(&request, one));
        let failure = request.failure.clone();
        let at = earlier.unwrap_or_else(|| {
            self.messages.push(FakeMessage::new(request));
            self.messages.len() - 1
        });
        let message = &mut self.messages[at];
        message.failures.extend(failure);
        let is_quarantined = matches!(
            message.reason(),
            Reason::PoisonMessage | Reason::MaxRetriesExceeded
        );
        if earlier.is_none() && is_quarantined {
            message.quarantine(QuarantineReason::ProducerRequest);
        } else if earlier.is_none() && max_retries_of(&message.request) == 0 {
            message.quarantine(QuarantineReason::RetriesExhausted);
        }
        if earlier.is_none() {
            self.events.add(Some(EventType::MessageAdded), message);
        }
        let mut response = SendToDlqResponse {
            id: message.id.clone(),
            duplicate: earlier.is_some(),
            due_time: message.due_time(),
            ..SendToDlqResponse::default()
        };
        response.set_reason(message.reason());
        response.set_state(message.wire_state().unwrap_or_default());
        response.set_quarantine_reason(message.quarantine_reason.unwrap_or_default());
        if !request_id.is_empty() {
            self.responses.insert(request_id, response.clone());
        }
        response
    }

    /// Leases at most `max` due messages to a worker.
    pub(super) fn take(&mut self, queues: &[String], session_id: &str, max: usize) -> Vec<FakeMessage> {
        let now = Instant::now();
        let due = self
            .messages
            .iter_mut()
            .filter(|one| waits(one, queues) && one.due_at <= now);
        due.take(max)
            .map(|message| {
                message.state = FakeState::InFlight;
                message.deliveries += 1;
                message.lease_token = format!("{:032x}", rand::random::<u128>());
                session_id.clone_into(&mut message.session_id);
                message.clone()
            })
            .collect()
    }

    /// Takes messages back whose stream was closed before they were sent.
    pub(super) fn take_back(&mut self, taken: &[FakeMessage]) {
        let is_taken = |one: &&mut FakeMessage| taken.iter().any(|other| is_leased(one, &other.lease_token));
        for message in self.messages.iter_mut().filter(is_taken) {
            message.state = FakeState::Scheduled;
        }
    }

    /// Returns the leases of a session, also of deliveries that never arrived.
    pub(super) fn leases_of(&self, session_id: &str) -> Vec<String> {
        let is_held = |one: &&FakeMessage| one.state == FakeState::InFlight && one.session_id == session_id;
        let leased = self.messages.iter().filter(is_held);
        leased.map(|one| one.lease_token.clone()).collect()
    }

    /// Returns when the next scheduled message is due.
    pub(super) fn next_due_at(&self, queues: &[String]) -> Option<Instant> {
        let waiting = self.messages.iter().filter(|one| waits(one, queues));
        waiting.map(|message| message.due_at).min()
    }

    /// Applies an outcome. Returns `None` if the lease is lost.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Option<&FakeMessage> {
        let message = self
            .messages
            .iter_mut()
            .find(|one| is_leased(one, &outcome.lease_token))?;
        message.due_at = Instant::now();
        message.state = FakeState::Scheduled;
        let happened = match outcome.result {
            Some(Wire::Succeeded(_)) => {
                message.state = FakeState::Succeeded;
                Some(EventType::RetrySuccess)
            }
            Some(Wire::Discarded(discarded)) => {
                message.state = FakeState::Discarded;
                message.note = discarded.note;
                Some(EventType::Discarded)
            }
            Some(Wire::Quarantined(quarantined)) => {
                message.note = quarantined.note;
                message.quarantine(QuarantineReason::WorkerRequest);
                None
            }
            Some(Wire::Failed(failed)) => {
                message.attempts += 1;
                message.failures.extend(failed.failure);
                message.due_at += failed
                    .retry_after
                    .as_ref()
                    .map_or(Duration::ZERO, duration_from_wire);
                if failed.non_retryable {
                    message.quarantine(QuarantineReason::NonRetryable);
                } else if message.attempts >= max_retries_of(&message.request) {
                    message.quarantine(QuarantineReason::RetriesExhausted);
                }
                Some(EventType::RetryFailed)
            }
            Some(Wire::Released(released)) => {
                message.due_at += released.delay.as_ref().map_or(Duration::ZERO, duration_from_wire);
                Some(EventType::Released)
            }
            None => None,
        };
        self.events.add(happened, message);
        Some(message)
    }

    pub(super) fn holds(&self, lease_token: &str) -> bool {
        self.messages.iter().any(|one| is_leased(one, lease_token))
    }

    /// Makes scheduled messages due, and quarantined ones with their attempts reset.
    pub(super) fn make_due(&mut self, queue: &str) {
        for message in self.messages.iter_mut().filter(|one| one.request.queue == queue) {
            match message.state {
                FakeState::Quarantined => {
                    message.attempts = 0;
                    message.quarantine_reason = None;
                }
                FakeState::Scheduled => {}
                _ => continue,
            }
            message.state = FakeState::Scheduled;
            message.due_at = Instant::now();
        }
    }
}

fn waits(message: &FakeMessage, queues: &[String]) -> bool {
    message.state == FakeState::Scheduled && queues.contains(&message.request.queue)
}

fn max_retries_of(request: &SendToDlqRequest) -> u32 {
    let policy = request.retry_policy.as_ref();
    let policy_retries = policy.and_then(|policy| policy.max_retries);
    request.max_retries.or(policy_retries).unwrap_or(MAX_RETRIES)
}

fn is_leased(message: &FakeMessage, lease_token: &str) -> bool {
    message.state == FakeState::InFlight && message.lease_token == lease_token
}

/// Reports whether a send joins a message: same queue, dedup key and payload, and the message is not done.
fn joins(request: &SendToDlqRequest, message: &FakeMessage) -> bool {
    let earlier = &message.request;
    let is_same_payload = || match (&request.payload, &earlier.payload) {
        (Some(one), Some(other)) => is_same_payload(one, other),
        (one, other) => one == other,
    };
    !request.dedup_key.is_empty()
        && request.dedup_key == earlier.dedup_key
        && request.queue == earlier.queue
        && message.wire_state().is_some()
        && is_same_payload()
}
