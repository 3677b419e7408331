use crate::outcomes::callbacks::OutcomeEventKind::{self, Failed, Quarantined, Succeeded};
use crate::outcomes::followed_messages::{Change, FollowedMessages, MAX_MESSAGES, Step, is_last};
use crate::v1::{Event, EventType, MessageState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ID: &str = "018f3c5e-0000-7000-8000-000000000000";
static LAST_EVENT: AtomicU32 = AtomicU32::new(0);

fn event(happened: EventType, state: MessageState, queue: &str) -> Event {
    let mut event = Event {
        id: LAST_EVENT.fetch_add(1, Ordering::Relaxed).to_string(),
        queue: queue.to_owned(),
        message_id: ID.to_owned(),
        other_queue: "there".to_owned(),
        time: Some(prost_types::Timestamp { seconds: 5, nanos: 0 }),
        ..Event::default()
    };
    event.set_type(happened);
    event.set_state(state);
    event
}

fn failed(queue: &str) -> Event {
    event(EventType::RetryFailed, MessageState::Scheduled, queue)
}

fn succeeded(queue: &str) -> Event {
    event(EventType::RetrySuccess, MessageState::Succeeded, queue)
}

/// Returns the kinds of the calls for these events of queue `here`.
fn calls(followed: &mut FollowedMessages, events: Vec<Event>) -> Vec<OutcomeEventKind> {
    followed.receive("here", events);
    let mut kinds = Vec::new();
    while let Some(step) = followed.next("here") {
        match step {
            Step::Call(kind, _) => kinds.push(kind),
            Step::Moved(_) => {}
        }
    }
    kinds
}

#[tokio::test]
async fn a_message_is_followed_until_it_is_gone() {
    use EventType::{Discarded, Expired, MovedToPoison, Purged, RetrySuccess};
    let again = [
        (
            event(RetrySuccess, MessageState::Scheduled, "here"),
            vec![Succeeded],
        ),
        (
            event(MovedToPoison, MessageState::Quarantined, "here"),
            vec![Quarantined],
        ),
        (event(Expired, MessageState::Quarantined, "here"), vec![]),
    ];
    let last = [
        (succeeded("here"), vec![Succeeded]),
        (event(Discarded, MessageState::Discarded, "here"), vec![]),
        (event(Purged, MessageState::Purged, "here"), vec![]),
        (event(Expired, MessageState::Expired, "here"), vec![]),
    ];
    for (events, stays) in [(Vec::from(again), true), (Vec::from(last), false)] {
        for (event, expected) in events {
            let mut followed = FollowedMessages::default();
            followed.follow(ID, "here", "");
            assert_eq!(calls(&mut followed, vec![event.clone()]), expected);
            let later = calls(&mut followed, vec![failed("here")]);
            assert_eq!(!later.is_empty(), stays, "{event:?}");
        }
    }
}

#[test]
fn type_and_state_of_an_event_say_whether_its_message_is_gone() {
    use EventType::{Discarded, Expired, MovedToPoison, Purged, RetryFailed, RetrySuccess};
    let newer = 99;
    for state in 0..=newer {
        let is_last = |happened| {
            let mut event = event(happened, MessageState::Scheduled, "here");
            event.state = state;
            is_last(&event)
        };
        let is_stored = MessageState::try_from(state).is_ok_and(|state| {
            use MessageState::{InFlight, Quarantined, Scheduled};
            matches!(state, Scheduled | InFlight | Quarantined)
        });
        let gone = [
            RetrySuccess,
            Expired,
            Discarded,
            Purged,
            RetryFailed,
            MovedToPoison,
        ]
        .map(is_last);
        let expected = [!is_stored, !is_stored, true, true, false, false];
        assert_eq!(gone, expected, "in state {state}");
    }
}

#[tokio::test]
async fn an_event_may_come_before_its_send_returns() {
    let mut followed = FollowedMessages::default();
    followed.follow("another", "here", "");
    assert_eq!(calls(&mut followed, vec![failed("here"), succeeded("here")]), []);
    assert_eq!(followed.follow(ID, "here", ""), Change::default());
    assert_eq!(calls(&mut followed, vec![]), [Failed, Succeeded]);
    // Another send joined it, and returns late.
    followed.follow(ID, "here", "");
    assert_eq!(calls(&mut followed, vec![failed("here")]), []);
}

#[tokio::test]
async fn the_first_watch_begins_one_second_before_the_oldest_message() {
    let mut followed = FollowedMessages::default();
    let ms = |followed: &FollowedMessages| {
        followed
            .since("here")
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis()
    };
    let change = followed.follow(ID, "here", "");
    assert_eq!(change.new_queue.as_deref(), Some("here"));
    assert_eq!(ms(&followed), 0x018f_3c5e_0000 - 1_000);
    followed.follow("018f3c5d-ffff-7000-8000-000000000000", "here", "");
    followed.follow("018f3c5e-0001-7000-8000-000000000000", "here", "");
    assert_eq!(ms(&followed), 0x018f_3c5d_ffff - 1_000);
}

#[tokio::test]
async fn a_later_watch_begins_one_second_before_the_latest_event() {
    let mut followed = FollowedMessages::default();
    followed.follow(ID, "here", "");
    let mut latest = event(EventType::RetryFailed, MessageState::Scheduled, "here");
    latest.time = Some(prost_types::Timestamp { seconds: 9, nanos: 0 });
    assert_eq!(
        calls(&mut followed, vec![failed("here"), latest]),
        [Failed, Failed]
    );
    assert_eq!(followed.since("here"), UNIX_EPOCH + Duration::from_secs(8));
    followed.follow("018f3c5d-ffff-7000-8000-000000000000", "here", "");
    assert_eq!(followed.since("here"), UNIX_EPOCH + Duration::from_secs(8));
}

/// Repeats of a message that is gone don't come again with a late send that joined it.
#[tokio::test]
async fn each_event_comes_once() {
    let mut followed = FollowedMessages::default();
    followed.follow("another", "here", "");
    followed.follow(ID, "here", "");
    let events = vec![failed("here"), succeeded("here")];
    assert_eq!(calls(&mut followed, events.clone()), [Failed, Succeeded]);
    assert_eq!(calls(&mut followed, events), []);
    followed.follow(ID, "here", "");
    assert_eq!(calls(&mut followed, vec![]), []);
}

#[tokio::test]
async fn a_message_with_another_id_is_followed_from_now() {
    for id in [
        "018f3c5e-0000-4000-8000-000000000000", // another version
        "018f3c5e-0000-7000-7000-000000000000", // another variant
        "018f3c5e-0000-7000-8000-00000000000",
        "018f3c5e-0000-7000-8000-00000000000g",
        "018f3c5e0000-7000-8000-000000000000-",
        "018f3c5e-0000-7000-8000-000000000000\n",
        "+18f3c5e-0000-7000-8000-000000000000",
        "message-7",
    ] {
        let mut followed = FollowedMessages::default();
        let since = SystemTime::now() - Duration::from_secs(1);
        followed.follow(id, "here", "");
        assert!(followed.since("here") >= since, "{id}");
    }
    let mut followed = FollowedMessages::default();
    followed.follow("018F3C5E-0000-7000-BFFF-000000000000", "here", "");
    let since = UNIX_EPOCH + Duration::from_millis(0x018f_3c5e_0000 - 1_000);
    assert_eq!(followed.since("here"), since);
}

/// The watch of the other queue may be quicker.
#[tokio::test]
async fn a_moved_message_is_followed_in_its_new_queue() {
    let mut followed = FollowedMessages::default();
    followed.follow("another", "there", "");
    followed.follow(ID, "here", "order-1");
    followed.receive("there", vec![succeeded("there")]);
    assert_eq!(followed.next("there"), None);
    let moved = event(EventType::MovedAway, MessageState::Scheduled, "here");
    assert_eq!(calls(&mut followed, vec![moved.clone(), failed("here")]), []);
    let Some(Step::Call(Succeeded, event)) = followed.next("there") else {
        panic!("no call")
    };
    assert_eq!((&*event.queue, &*event.source_id), ("there", "order-1"));

    let mut followed = FollowedMessages::default();
    followed.follow(ID, "here", "");
    assert_eq!(calls(&mut followed, vec![failed("here")]), [Failed]);
    let mut later = moved;
    later.time = Some(prost_types::Timestamp { seconds: 9, nanos: 0 });
    followed.receive("here", vec![later]);
    let Some(Step::Moved(change)) = followed.next("here") else {
        panic!("it has not moved")
    };
    assert_eq!(change.new_queue.as_deref(), Some("there"));
    assert_eq!(followed.since("there"), UNIX_EPOCH + Duration::from_secs(8));
}

#[tokio::test]
async fn at_most_10_000_messages_are_followed() {
    let mut followed = FollowedMessages::default();
    for number in 0..MAX_MESSAGES {
        assert!(!followed.follow(&format!("m{number}"), "here", "").is_full);
    }
    assert!(!followed.follow("m0", "here", "").is_full);
    assert!(followed.follow(ID, "here", "").is_full);
    let mut first = succeeded("here");
    first.message_id = "m0".to_owned();
    assert_eq!(calls(&mut followed, vec![first, failed("here")]), [Failed]);
}

#[cfg(feature = "testing")]
#[tokio::test(start_paused = true)]
async fn a_watch_ends_60_s_after_its_last_message() {
    let fake = crate::testing::FakeDlq::new();
    let client = fake.builder().on_failed(|_| async {}).build().unwrap();
    let outcomes = client.inner().outcomes.clone().unwrap();
    let watches = || outcomes.running.receiver_count();
    assert_eq!(watches(), 0);
    let mut deliveries = fake.client().unwrap().worker(["q"]).stream().unwrap();
    for _ in 0..2 {
        client.send_request("q", "a").await.unwrap();
        let held = deliveries.next().await.unwrap();
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(watches(), 1);
        held.succeed();
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(watches(), 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(watches(), 0);
    }
    client.send_request("q", "a").await.unwrap();
    drop(client);
    outcomes.running.closed().await; // the last client was dropped
}
