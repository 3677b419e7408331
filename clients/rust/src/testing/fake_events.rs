//! The events of the fake's messages.

use crate::testing::fake_dlq::Shared;
use crate::testing::fake_message::{FakeMessage, FakeState};
use crate::v1::{Event, EventType, MessageState, WatchEventsRequest, WatchEventsResponse};
use crate::wire_time::{timestamp_from_wire, timestamp_to_wire};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc;
use tonic::Status;

/// The events of all queues, oldest first.
#[derive(Default)]
pub(super) struct FakeEvents(Vec<Event>);

impl FakeEvents {
    /// Adds what happened to a message, and then where it went by it.
    pub(super) fn add(&mut self, happened: Option<EventType>, message: &FakeMessage) {
        let then = match (happened, message.state) {
            (_, FakeState::Quarantined) => Some(EventType::MovedToPoison),
            (Some(EventType::MessageAdded | EventType::RetryFailed), FakeState::Scheduled) => {
                Some(EventType::RetryScheduled)
            }
            _ => None,
        };
        for one in happened.into_iter().chain(then) {
            self.0.push(event(self.0.len(), one, message));
        }
    }

    /// Returns where a call begins: behind the token, at the time, or now.
    pub(super) fn start_of(&self, request: &WatchEventsRequest) -> Result<usize, Status> {
        if !request.filter.is_empty() || request.queues.iter().any(|queue| queue.contains('*')) {
            return Err(Status::unimplemented("the fake has no filters and patterns"));
        }
        if !request.resume_token.is_empty() {
            let position = request.resume_token.parse();
            return position.map_err(|_| Status::invalid_argument("resume_token: is not one of the fake"));
        }
        let since = request.start_time.as_ref().map(timestamp_from_wire);
        let is_since = |event: &Event| {
            let time = event.time.as_ref().map(timestamp_from_wire);
            since.is_some_and(|since| time >= Some(since))
        };
        Ok(self.0.iter().position(is_since).unwrap_or(self.0.len()))
    }

    fn wanted(&self, request: &WatchEventsRequest, from: usize) -> Vec<Event> {
        let is_wanted = |event: &&Event| {
            (request.queues.is_empty() || request.queues.contains(&event.queue))
                && (request.types.is_empty() || request.types.contains(&event.r#type))
        };
        self.0.iter().skip(from).filter(is_wanted).cloned().collect()
    }
}

fn event(number: usize, happened: EventType, message: &FakeMessage) -> Event {
    let mut event = Event {
        id: number.to_string(),
        time: Some(timestamp_to_wire(SystemTime::now())),
        queue: message.request.queue.clone(),
        message_id: message.id.clone(),
        retry_count: message.attempts,
        delivery_count: message.deliveries,
        due_time: message.due_time(),
        note: message.note.clone(),
        ..Event::default()
    };
    event.set_type(happened);
    event.set_reason(message.reason());
    event.set_quarantine_reason(message.quarantine_reason.unwrap_or_default());
    event.set_state(match message.state {
        FakeState::Succeeded => MessageState::Succeeded,
        FakeState::Discarded => MessageState::Discarded,
        _ => message.wire_state().unwrap_or_default(),
    });
    event
}

/// Sends events from a position until the stream is closed or the fake is down.
pub(super) async fn watch(
    shared: Arc<Shared>,
    request: WatchEventsRequest,
    mut from: usize,
    responses: mpsc::Sender<Result<WatchEventsResponse, Status>>,
) {
    let mut changes = shared.changes.subscribe();
    let mut is_first = true;
    loop {
        changes.mark_unchanged();
        let next = shared.store().map(|store| {
            let events = store.events.wanted(&request, from);
            from = store.events.0.len();
            events
        });
        let has_ended = next.is_err();
        let is_wanted = is_first || next.as_ref().map_or(true, |events| !events.is_empty());
        let response = next.map(|events| WatchEventsResponse {
            events,
            resume_token: from.to_string(),
            ..WatchEventsResponse::default()
        });
        if is_wanted && responses.send(response).await.is_err() || has_ended {
            return;
        }
        is_first = false;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = responses.closed() => return,
        }
    }
}
