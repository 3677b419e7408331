//! Which sent messages are followed, and whose events come next.

use crate::outcomes::callbacks::OutcomeEventKind;
use crate::outcomes::event::OutcomeEvent;
use crate::outcomes::recent::{EarlyEvents, Recent};
use crate::outcomes::seen_events::SeenEvents;
use crate::v1::{Event, EventType, MessageState};
use crate::wire_time::timestamp_from_wire;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::time::Instant;

pub(super) const MAX_MESSAGES: usize = 10_000;
const MAX_IDLE: Duration = Duration::from_secs(60);
/// The clocks of servers and store may differ.
const CLOCK_MARGIN: Duration = Duration::from_secs(1);

/// The event types that are read.
pub(super) const TYPES: [EventType; 7] = [
    EventType::RetryFailed,
    EventType::RetrySuccess,
    EventType::MovedToPoison,
    EventType::Discarded,
    EventType::Purged,
    EventType::Expired,
    EventType::MovedAway,
];

/// The followed messages of a client, at most 10,000, and the queues with a watch.
#[derive(Default)]
pub(super) struct FollowedMessages {
    /// By id.
    messages: HashMap<String, Message>,
    /// Ids by number, oldest first.
    by_age: BTreeMap<u64, String>,
    next_number: u64,
    queues: HashMap<String, Queue>,
}

struct Message {
    number: u64,
    queue: String,
    source_id: String,
}

/// A queue with a watch.
struct Queue {
    /// Where the events of its messages begin.
    since: SystemTime,
    /// The time of the latest event.
    latest: Option<SystemTime>,
    messages: usize,
    /// When the last message went.
    empty_since: Instant,
    /// Events whose turn comes.
    received: VecDeque<Event>,
    /// Events of messages that were not followed then: their sends may not have returned.
    early: EarlyEvents,
    /// Events of followed messages.
    seen: SeenEvents,
    /// Messages that were followed to their end.
    gone: Recent<()>,
    /// Notified when `received` gets events that were remembered.
    has_more: Arc<Notify>,
}

/// What a new message changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// This queue needs a watch.
    pub(super) new_queue: Option<String>,
    /// The oldest message is no longer followed.
    pub(super) is_full: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Call(OutcomeEventKind, OutcomeEvent),
    /// A message is followed in another queue.
    Moved(Change),
}

impl FollowedMessages {
    pub(super) fn follow(&mut self, id: &str, queue: &str, source_id: &str) -> Change {
        let since = accepted_at(id).unwrap_or_else(SystemTime::now) - CLOCK_MARGIN;
        self.follow_since(since, id, queue, source_id.to_owned())
    }

    fn follow_since(&mut self, since: SystemTime, id: &str, queue: &str, source_id: String) -> Change {
        let mut change = Change::default();
        let watched = self.queues.get_mut(queue);
        // Several sends may be one message.
        if self.messages.contains_key(id) || watched.is_some_and(|queue| queue.gone.has(id)) {
            return change;
        }
        if self.messages.len() == MAX_MESSAGES
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.unfollow(&oldest);
            change.is_full = true;
        }
        let number = self.next_number;
        self.next_number += 1;
        self.by_age.insert(number, id.to_owned());
        let message = Message {
            number,
            queue: queue.to_owned(),
            source_id,
        };
        self.messages.insert(id.to_owned(), message);
        let queue = self.queues.entry(queue.to_owned()).or_insert_with_key(|name| {
            change.new_queue = Some(name.clone());
            Queue::new(since)
        });
        queue.messages += 1;
        queue.since = queue.since.min(since);
        queue.recall(id);
        change
    }

    fn unfollow(&mut self, id: &str) {
        let Some(message) = self.messages.remove(id) else {
            return;
        };
        self.by_age.remove(&message.number);
        if let Some(queue) = self.queues.get_mut(&message.queue) {
            queue.messages -= 1;
            queue.empty_since = Instant::now();
        }
    }

    /// Adds events of a queue, in their order.
    pub(super) fn receive(&mut self, queue: &str, events: Vec<Event>) {
        if let Some(queue) = self.queues.get_mut(queue) {
            let latest = events.last().and_then(|event| event.time.as_ref());
            queue.latest = latest.map(timestamp_from_wire).or(queue.latest);
            queue.received.extend(events);
        }
    }

    /// Returns what to do next about the received events of a queue.
    pub(super) fn next(&mut self, queue: &str) -> Option<Step> {
        loop {
            let events = self.queues.get_mut(queue)?;
            let event = events.received.pop_front()?;
            let message = self.messages.get(&event.message_id);
            let Some(message) = message.filter(|message| message.queue == queue) else {
                let id = event.message_id.clone();
                events.early.add(&id, event);
                continue;
            };
            if !events.seen.is_first(&event.id) {
                continue;
            }
            let source_id = message.source_id.clone();
            if event.r#type() == EventType::MovedAway {
                let moved_at = event.time.as_ref().map(timestamp_from_wire);
                let since = moved_at.unwrap_or_else(SystemTime::now) - CLOCK_MARGIN;
                self.unfollow(&event.message_id);
                let (id, other_queue) = (&event.message_id, &event.other_queue);
                return Some(Step::Moved(self.follow_since(since, id, other_queue, source_id)));
            }
            if is_last(&event) {
                events.gone.add(&event.message_id, ());
                self.unfollow(&event.message_id);
            }
            let kind = match event.r#type() {
                EventType::RetrySuccess => OutcomeEventKind::Succeeded,
                EventType::RetryFailed => OutcomeEventKind::Failed,
                EventType::MovedToPoison => OutcomeEventKind::Quarantined,
                _ => continue,
            };
            return Some(Step::Call(kind, OutcomeEvent::new(event, source_id)));
        }
    }

    /// Returns where a watch begins that has no resume token.
    pub(super) fn since(&self, queue: &str) -> SystemTime {
        self.queues.get(queue).map_or_else(SystemTime::now, |queue| {
            queue.latest.map_or(queue.since, |latest| latest - CLOCK_MARGIN)
        })
    }

    /// Returns what is notified when events of a queue that were remembered get their turn.
    pub(super) fn has_more(&self, queue: &str) -> Arc<Notify> {
        self.queues
            .get(queue)
            .map(|queue| Arc::clone(&queue.has_more))
            .unwrap_or_default()
    }

    /// Forgets a queue that has had no message for 60 s. Otherwise returns when to call this again.
    pub(super) fn end_if_idle(&mut self, queue: &str) -> Option<Instant> {
        let idle = self.queues.get(queue)?;
        let now = Instant::now();
        if idle.messages > 0 {
            return Some(now + MAX_IDLE);
        }
        let ends_at = idle.empty_since + MAX_IDLE;
        if ends_at <= now {
            self.queues.remove(queue);
            return None;
        }
        Some(ends_at)
    }
}

impl Queue {
    fn new(since: SystemTime) -> Self {
        Self {
            since,
            latest: None,
            messages: 0,
            empty_since: Instant::now(),
            received: VecDeque::new(),
            early: EarlyEvents::default(),
            seen: SeenEvents::default(),
            gone: Recent::default(),
            has_more: Arc::default(),
        }
    }

    /// Gives the earlier events of a message their turn.
    fn recall(&mut self, id: &str) {
        let count = self.received.len();
        for event in self.early.take(id).rev() {
            self.received.push_front(event);
        }
        if self.received.len() > count {
            self.has_more.notify_one();
        }
    }
}

/// Reports whether a message is gone after the event.
pub(super) fn is_last(event: &Event) -> bool {
    let is_stored = matches!(
        event.state(),
        MessageState::Scheduled | MessageState::InFlight | MessageState::Quarantined
    );
    match event.r#type() {
        EventType::RetrySuccess | EventType::Expired => !is_stored,
        EventType::Discarded | EventType::Purged => true,
        _ => false,
    }
}

/// Returns the time with which a `UUIDv7` begins. `None`: the id is none.
fn accepted_at(id: &str) -> Option<SystemTime> {
    let is_uuid_v7 = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'7',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        });
    if !is_uuid_v7 {
        return None;
    }
    let digits = format!("{}{}", &id[..8], &id[9..13]);
    let ms = u64::from_str_radix(&digits, 16).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_millis(ms))
}
