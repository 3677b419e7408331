//! The fake streams the events of its messages.

use crate::timed_out;
use dlq_client::testing::FakeDlq;
use dlq_client::v1::{Event, EventType, MessageState, WatchEventsRequest, WatchEventsResponse};
use dlq_client::{Outcome, Stubs};
use std::time::{Duration, SystemTime};
use tonic::{Code, Streaming};

async fn open(stubs: &mut Stubs, request: WatchEventsRequest) -> Streaming<WatchEventsResponse> {
    let queues = vec!["q".to_owned()];
    let request = WatchEventsRequest { queues, ..request };
    stubs.watch_events(request).await.unwrap().into_inner()
}

/// Reads `count` types, and the last token.
async fn read(stream: &mut Streaming<WatchEventsResponse>, count: usize) -> (Vec<EventType>, String) {
    let (mut types, mut token) = (Vec::new(), String::new());
    while types.len() < count || token.is_empty() {
        let response = stream.message().await.unwrap().unwrap();
        types.extend(response.events.iter().map(Event::r#type));
        token = response.resume_token;
    }
    (types, token)
}

#[tokio::test]
async fn the_fake_streams_the_life_of_a_message() {
    use EventType::{Discarded, MessageAdded, MovedToPoison, Released, RetryFailed, RetryScheduled};
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let mut stubs = client.stubs();
    let began_at = SystemTime::now();
    client.send_request("other", "a").await.unwrap();
    let mut stream = open(&mut stubs, WatchEventsRequest::default()).await;
    assert_eq!(read(&mut stream, 0).await.0, []);
    client.send_request("q", "a").max_retries(2).await.unwrap();
    let mut deliveries = client.worker(["q"]).stream().unwrap();
    let released = Outcome::released_for(Duration::ZERO);
    deliveries.next().await.unwrap().settle(released);
    for _ in 0..2 {
        deliveries.next().await.unwrap().fail(&timed_out());
    }
    let (types, token) = read(&mut stream, 7).await;
    let life = [
        MessageAdded,
        RetryScheduled,
        Released,
        RetryFailed,
        RetryScheduled,
        RetryFailed,
        MovedToPoison,
    ];
    assert_eq!(types, life);
    fake.make_due("q");
    deliveries
        .next()
        .await
        .unwrap()
        .settle(Outcome::discarded("a duplicate"));
    let response = stream.message().await.unwrap().unwrap();
    let event = &response.events[0];
    assert_eq!(
        (event.r#type(), event.state()),
        (Discarded, MessageState::Discarded)
    );
    assert_eq!((&*event.note, event.message_id.len()), ("a duplicate", 36));

    let behind = WatchEventsRequest {
        resume_token: token,
        ..WatchEventsRequest::default()
    };
    assert_eq!(read(&mut open(&mut stubs, behind).await, 1).await.0, [Discarded]);
    let since = WatchEventsRequest {
        start_time: Some(began_at.into()),
        types: vec![RetryFailed.into()],
        ..WatchEventsRequest::default()
    };
    let (types, _) = read(&mut open(&mut stubs, since).await, 2).await;
    assert_eq!(types, [RetryFailed; 2]);
    fake.go_down();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Unavailable);
}
