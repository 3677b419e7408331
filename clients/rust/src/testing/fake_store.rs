//! The messages of a fake, and how they move.

use crate::durations::from_wire;
use crate::payload::is_same;
use crate::testing::fake_message::{FakeMessage, FakeState};
use crate::v1::outcome::Result as Wire;
use crate::v1::{Outcome, QuarantineReason, Reason, SendToDlqRequest, SendToDlqResponse};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// What the service does where a message and its queue say nothing.
const MAX_RETRIES: u32 = 3;

#[derive(Default)]
pub(super) struct FakeStore {
    pub(super) messages: Vec<FakeMessage>,
    answers: HashMap<String, SendToDlqResponse>,
    pub(super) is_down: bool,
}

impl FakeStore {
    pub(super) fn accept(&mut self, request: SendToDlqRequest) -> SendToDlqResponse {
        if let Some(answer) = self.answers.get(&request.request_id) {
            return answer.clone();
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
        let is_for_quarantine = matches!(
            message.reason(),
            Reason::PoisonMessage | Reason::MaxRetriesExceeded
        );
        if earlier.is_none() && is_for_quarantine {
            message.quarantine(QuarantineReason::ProducerRequest);
        }
        let mut answer = SendToDlqResponse {
            id: message.id.clone(),
            duplicate: earlier.is_some(),
            due_time: message.due_time(),
            ..SendToDlqResponse::default()
        };
        answer.set_reason(message.reason());
        answer.set_state(message.wire_state().unwrap_or_default());
        answer.set_quarantine_reason(message.quarantine_reason.unwrap_or_default());
        if !request_id.is_empty() {
            self.answers.insert(request_id, answer.clone());
        }
        answer
    }

    /// Hands out what is due, at most so many.
    pub(super) fn take(&mut self, queues: &[String], session_id: &str, most: usize) -> Vec<FakeMessage> {
        let now = Instant::now();
        let due = self
            .messages
            .iter_mut()
            .filter(|one| waits(one, queues) && one.due_at <= now);
        due.take(most)
            .map(|message| {
                message.state = FakeState::InFlight;
                message.deliveries += 1;
                message.lease_token = format!("{:032x}", rand::random::<u128>());
                session_id.clone_into(&mut message.session_id);
                message.clone()
            })
            .collect()
    }

    /// Nobody listens any more to whom they were handed out.
    pub(super) fn take_back(&mut self, taken: &[FakeMessage]) {
        let is_taken = |one: &&mut FakeMessage| taken.iter().any(|other| is_leased(one, &other.lease_token));
        for message in self.messages.iter_mut().filter(is_taken) {
            message.state = FakeState::Scheduled;
        }
    }

    /// What a worker has, or never got, by its leases.
    pub(super) fn leases_of(&self, session_id: &str) -> Vec<String> {
        let has = |one: &&FakeMessage| one.state == FakeState::InFlight && one.session_id == session_id;
        let leased = self.messages.iter().filter(has);
        leased.map(|one| one.lease_token.clone()).collect()
    }

    /// When the next one is due, if one waits.
    pub(super) fn next_due_at(&self, queues: &[String]) -> Option<Instant> {
        let waiting = self.messages.iter().filter(|one| waits(one, queues));
        waiting.map(|message| message.due_at).min()
    }

    /// `None`: the lease is lost.
    pub(super) fn settle(&mut self, outcome: Outcome) -> Option<&FakeMessage> {
        let message = self
            .messages
            .iter_mut()
            .find(|one| is_leased(one, &outcome.lease_token))?;
        message.due_at = Instant::now();
        message.state = FakeState::Scheduled;
        match outcome.result {
            Some(Wire::Succeeded(_)) => message.state = FakeState::Succeeded,
            Some(Wire::Discarded(discarded)) => {
                message.state = FakeState::Discarded;
                message.note = discarded.note;
            }
            Some(Wire::Quarantined(quarantined)) => {
                message.note = quarantined.note;
                message.quarantine(QuarantineReason::WorkerRequest);
            }
            Some(Wire::Failed(failed)) => {
                message.attempts += 1;
                message.failures.extend(failed.failure);
                message.due_at += failed.retry_after.as_ref().map_or(Duration::ZERO, from_wire);
                let request = &message.request;
                let of_policy = request
                    .retry_policy
                    .as_ref()
                    .and_then(|policy| policy.max_retries);
                let most = request.max_retries.or(of_policy).unwrap_or(MAX_RETRIES);
                if failed.non_retryable {
                    message.quarantine(QuarantineReason::NonRetryable);
                } else if message.attempts >= most {
                    message.quarantine(QuarantineReason::RetriesExhausted);
                }
            }
            Some(Wire::Released(released)) => {
                message.due_at += released.delay.as_ref().map_or(Duration::ZERO, from_wire);
            }
            None => {}
        }
        Some(message)
    }

    pub(super) fn holds(&self, lease_token: &str) -> bool {
        self.messages.iter().any(|one| is_leased(one, lease_token))
    }

    /// What waits is due; what is in quarantine starts a new round.
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

fn is_leased(message: &FakeMessage, lease_token: &str) -> bool {
    message.state == FakeState::InFlight && message.lease_token == lease_token
}

/// One key and one payload in a queue are one message, as long as that is there.
fn joins(request: &SendToDlqRequest, message: &FakeMessage) -> bool {
    let earlier = &message.request;
    let is_same_payload = || match (&request.payload, &earlier.payload) {
        (Some(one), Some(other)) => is_same(one, other),
        (one, other) => one == other,
    };
    !request.dedup_key.is_empty()
        && request.dedup_key == earlier.dedup_key
        && request.queue == earlier.queue
        && message.wire_state().is_some()
        && is_same_payload()
}
