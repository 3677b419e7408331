//! Callbacks with what becomes of sent messages.

use crate::spool_warnings::logged;
use crate::{server, timed_out};
use dlq_client::testing::FakeDlq;
use dlq_client::v1::{
    Event, EventType, Rule, RuleAction, RuleEvent, RuleSet, UpdateRulesRequest, WatchEventsRequest,
    WatchEventsResponse,
};
use dlq_client::{
    Client, ClientBuilder, OutcomeEvent, QuarantineReason, Reason, Receipt, RetryPolicy, Transport,
};
use prost::Message;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tower::layer::layer_fn;
use tower::{ServiceExt, service_fn};

type Events = UnboundedReceiver<(&'static str, OutcomeEvent)>;

/// Builds a client that reports its callbacks.
fn watching(builder: ClientBuilder) -> (Client, Events) {
    let (report, events) = unbounded_channel();
    let reporting = |kind| {
        let report = report.clone();
        move |event| {
            let _ = report.send((kind, event));
            async {}
        }
    };
    let builder = builder
        .on_succeeded(reporting("succeeded"))
        .on_failed(reporting("failed"))
        .on_quarantined(reporting("quarantined"));
    (builder.build().unwrap(), events)
}

/// Returns kind, queue and source id of the next callback.
async fn next(events: &mut Events) -> (&'static str, String, String) {
    let (kind, event) = events.recv().await.unwrap();
    (kind, event.queue, event.source_id)
}

fn own(kind: &'static str, queue: &str, source_id: &str) -> (&'static str, String, String) {
    (kind, queue.to_owned(), source_id.to_owned())
}

#[tokio::test]
async fn callbacks_get_what_happened() {
    let server = server();
    let (client, mut events) = watching(Client::builder(server.target()).without_spool());
    let send = client.send("outcomes", "a", &timed_out()).source_id("order-1");
    let policy = RetryPolicy::new().initial_delay(Duration::from_millis(50));
    let sent = send.delay(Duration::ZERO).max_retries(2).retry_policy(policy);
    let sent_at = SystemTime::now();
    let receipt = sent.await.unwrap();
    let _worker = client
        .worker(["outcomes"])
        .run(|_| async { Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused)) })
        .unwrap();
    let (kind, failed) = events.recv().await.unwrap();
    assert_eq!((kind, failed.attempts), ("failed", 1));
    assert_eq!((Some(&*failed.id), &*failed.queue), (receipt.id(), "outcomes"));
    assert_eq!(
        (failed.reason, &*failed.source_id),
        (Reason::NetworkError, "order-1")
    );
    assert_eq!(failed.quarantine_reason, None);
    assert!(failed.due_time.unwrap() > failed.time);
    assert!(failed.time > sent_at - Duration::from_secs(1));
    let (kind, failed) = events.recv().await.unwrap();
    assert_eq!((kind, failed.attempts, failed.due_time), ("failed", 2, None));
    let (kind, quarantined) = events.recv().await.unwrap();
    assert_eq!(kind, "quarantined");
    assert_eq!(
        quarantined.quarantine_reason,
        Some(QuarantineReason::RetriesExhausted)
    );
    client.close().await;
}

#[tokio::test]
async fn a_callback_that_panics_is_logged_and_the_next_one_comes() {
    let fake = FakeDlq::new();
    let builder = fake.builder().on_succeeded(|_| async { panic!("no bank") });
    let client = builder.build().unwrap();
    let mut lines = Vec::new();
    for _ in 0..2 {
        let sent = client.send_request("outcomes-panic", "a").await.unwrap();
        lines.push(format!(
            "on_succeeded failed for message {} of queue \"outcomes-panic\"; the event is not repeated",
            sent.id().unwrap()
        ));
    }
    let worker = client.worker(["outcomes-panic"]);
    let _worker = worker.run(|_| async { Ok::<(), io::Error>(()) }).unwrap();
    for line in lines {
        while logged(&line).is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    }
    client.close().await;
}

#[tokio::test]
async fn messages_of_a_batch_are_followed() {
    let server = server();
    let (client, mut events) = watching(Client::builder(server.target()).without_spool());
    let sends = (0..200).map(|number| {
        let send = client.send_request("outcomes-batch", format!("m{number}"));
        tokio::spawn(send.delay(Duration::ZERO).into_future())
    });
    let sends: Vec<_> = sends.collect();
    let mut ids = HashSet::new();
    for send in sends {
        ids.insert(send.await.unwrap().unwrap().id().unwrap().to_owned());
    }
    let worker = client.worker(["outcomes-batch"]);
    let _worker = worker.run(|_| async { Ok::<(), io::Error>(()) }).unwrap();
    for _ in 0..200 {
        let (kind, event) = events.recv().await.unwrap();
        assert_eq!(kind, "succeeded");
        assert!(ids.remove(&event.id), "{event:?}");
    }
    client.close().await;
}

#[tokio::test]
async fn a_message_is_followed_to_another_queue() {
    let server = server();
    let (client, mut events) = watching(Client::builder(server.target()).without_spool());
    let mut rule = Rule {
        name: "outcomes-move".to_owned(),
        when: "message.queue == 'outcomes-here'".to_owned(),
        action: Some(RuleAction {
            queue: "outcomes-there".to_owned(),
            ..RuleAction::default()
        }),
        ..Rule::default()
    };
    rule.set_event(RuleEvent::Failure);
    let rule_set = Some(RuleSet {
        rules: vec![rule],
        ..RuleSet::default()
    });
    client
        .admin()
        .update_rules(UpdateRulesRequest { rule_set })
        .await
        .unwrap();
    let policy = RetryPolicy::new().initial_delay(Duration::from_millis(50));
    let send = client.send_request("outcomes-here", "a").source_id("order-1");
    send.delay(Duration::ZERO).retry_policy(policy).await.unwrap();
    let worker = client.worker(["outcomes-here", "outcomes-there"]);
    let _worker = worker
        .run(|delivery| async move {
            if delivery.queue() == "outcomes-here" {
                return Err(timed_out());
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(next(&mut events).await, own("failed", "outcomes-here", "order-1"));
    assert_eq!(
        next(&mut events).await,
        own("succeeded", "outcomes-there", "order-1")
    );
    client.close().await;
}

#[tokio::test(start_paused = true)]
async fn after_breaks_no_event_is_missed_and_none_comes_twice() {
    let fake = FakeDlq::new();
    let (client, mut events) = watching(fake.builder());
    let line = "outcome callbacks of queue \"breaks\" wait: ";
    assert_eq!(logged(line), []);
    client.send_request("breaks", "a").source_id("1").await.unwrap();
    let mut deliveries = fake.client().unwrap().worker(["breaks"]).stream().unwrap();
    for _ in 0..2 {
        deliveries.next().await.unwrap().fail(&timed_out());
        assert_eq!(next(&mut events).await, own("failed", "breaks", "1"));
        fake.go_down();
        sleep(Duration::from_millis(100)).await;
        fake.come_back();
    }
    // The worker is as quick as the watch to come back.
    deliveries.next().await.unwrap().succeed();
    assert_eq!(next(&mut events).await, own("succeeded", "breaks", "1"));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(events.try_recv().ok(), None);
    let lines = logged(line);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].1.ends_with("the fake is down; retrying"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_reconnects_within_half_a_second() {
    let fake = FakeDlq::new();
    let (client, mut events) = watching(fake.builder());
    for source_id in ["1", "2"] {
        let send = client.send_request("reconnects", "a").source_id(source_id);
        send.await.unwrap();
    }
    let work = || fake.client().unwrap().worker(["reconnects"]).stream().unwrap();
    work().next().await.unwrap().succeed();
    assert_eq!(next(&mut events).await, own("succeeded", "reconnects", "1"));
    let broken = Instant::now();
    fake.go_down();
    sleep(Duration::from_millis(1)).await;
    fake.come_back();
    work().next().await.unwrap().succeed();
    assert_eq!(next(&mut events).await, own("succeeded", "reconnects", "2"));
    let took = broken.elapsed();
    assert!(took < Duration::from_millis(500), "it took {took:?}");
}

/// Answers each `WatchEvents` call with one response or error, and reports its request.
fn answering(
    builder: ClientBuilder,
    requests: UnboundedSender<WatchEventsRequest>,
    answers: UnboundedReceiver<Result<WatchEventsResponse, Status>>,
) -> ClientBuilder {
    let answers = Arc::new(Mutex::new(answers));
    builder.layer(layer_fn(move |transport: Transport| {
        let (requests, answers) = (requests.clone(), Arc::clone(&answers));
        service_fn(move |request: http::Request<Body>| {
            let (transport, requests, answers) = (transport.clone(), requests.clone(), Arc::clone(&answers));
            async move {
                if !request.uri().path().ends_with("/WatchEvents") {
                    return transport.oneshot(request).await;
                }
                let body = axum::body::Body::new(request.into_body());
                let frame = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let _ = requests.send(WatchEventsRequest::decode(&frame[5..]).unwrap());
                let answer = answers.lock().await.recv().await;
                let message = answer.ok_or_else(|| Status::unavailable("the test is over"))??;
                let mut frame = vec![0];
                frame.extend(u32::try_from(message.encoded_len()).unwrap().to_be_bytes());
                message.encode(&mut frame).unwrap();
                let response = http::Response::builder().header("content-type", "application/grpc");
                Ok(response.body(Body::new(axum::body::Body::from(frame))).unwrap())
            }
        })
    }))
}

#[tokio::test]
async fn a_refused_token_is_forgotten() {
    let server = server();
    let (reported, mut requests) = unbounded_channel();
    let (answer, answers) = unbounded_channel();
    let builder = Client::builder(server.target()).without_spool();
    let (client, mut events) = watching(answering(builder, reported, answers));
    let Receipt::Sent(sent) = client.send_request("refuses", "a").await.unwrap() else {
        panic!("it is not sent")
    };
    let event = |id: &str, happened: EventType, seconds| Event {
        id: id.to_owned(),
        r#type: happened.into(),
        queue: "refuses".to_owned(),
        message_id: sent.id.clone(),
        time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        ..Event::default()
    };
    let failed = event("1", EventType::RetryFailed, 9);
    let succeeded = event("2", EventType::RetrySuccess, 10);
    for (events, resume_token) in [(vec![failed.clone()], "old"), (vec![failed, succeeded], "")] {
        let resume_token = resume_token.to_owned();
        let response = WatchEventsResponse {
            events,
            resume_token,
            ..WatchEventsResponse::default()
        };
        answer.send(Ok(response)).unwrap();
        let refused = Status::invalid_argument("resume_token: of another server");
        answer.send(Err(refused)).unwrap();
    }
    assert_eq!(next(&mut events).await.0, "failed");
    assert_eq!(next(&mut events).await.0, "succeeded");
    assert_eq!(requests.recv().await.unwrap().resume_token, "");
    assert_eq!(requests.recv().await.unwrap().resume_token, "old");
    let third = requests.recv().await.unwrap();
    assert_eq!((&*third.resume_token, third.start_time.unwrap().seconds), ("", 8));
    client.close().await;
}

#[tokio::test]
async fn a_server_without_events_is_logged_once() {
    let server = server();
    let layer = layer_fn(|transport: Transport| {
        service_fn(move |request: http::Request<Body>| {
            let transport = transport.clone();
            async move {
                if request.uri().path().ends_with("/WatchEvents") {
                    return Err(Status::unimplemented("the old server has no such method"));
                }
                transport.oneshot(request).await
            }
        })
    });
    let builder = Client::builder(server.target()).without_spool().layer(layer);
    let (client, mut events) = watching(builder);
    let line = "outcome callbacks are not called: the server has no WatchEvents; upgrade it";
    assert_eq!(logged(line), []);
    for queue in ["outcomes-old-1", "outcomes-old-2"] {
        let receipt = client.send_request(queue, "a").await.unwrap();
        assert!(matches!(receipt, Receipt::Sent(_)));
    }
    while logged(line).is_empty() {
        tokio::task::yield_now().await;
    }
    client.close().await;
    let lines = logged(line);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn of_more_than_10_000_messages_the_oldest_are_no_longer_followed() {
    let fake = FakeDlq::new();
    let (client, mut events) = watching(fake.builder());
    let line = "not called for the oldest of more than 10000 followed messages; use events in NATS";
    assert_eq!(logged(line), []);
    let send = |name: &str| client.send_request("many", "a").source_id(name).into_future();
    for name in ["first", "second", "third"] {
        send(name).await.unwrap();
    }
    let mut others: Vec<_> = (0..9_999).map(|_| send("")).collect();
    for other in others.drain(..) {
        other.await.unwrap();
    }
    let mut deliveries = client.worker(["many"]).prefetch(3).stream().unwrap();
    for _ in 0..3 {
        deliveries.next().await.unwrap().succeed();
    }
    assert_eq!(next(&mut events).await, own("succeeded", "many", "third"));
    assert_eq!(logged(line).len(), 1);
}

/// Each callback of queue "slow" waits for a while.
#[tokio::test(start_paused = true)]
async fn a_slow_callback_delays_only_its_queue() {
    let fake = FakeDlq::new();
    let (report, mut begun) = unbounded_channel();
    let builder = fake.builder().on_succeeded(move |event| {
        report.send(event.source_id).unwrap();
        async move {
            if event.queue == "slow" {
                sleep(Duration::from_secs(100)).await;
            }
        }
    });
    let client = builder.build().unwrap();
    let mut deliveries = client.worker(["slow", "fast"]).stream().unwrap();
    for (queue, source_id) in [("slow", "1"), ("slow", "2"), ("fast", "3")] {
        let send = client.send_request(queue, "a").source_id(source_id);
        send.await.unwrap();
        deliveries.next().await.unwrap().succeed();
    }
    sleep(Duration::from_secs(50)).await;
    let mut early = [begun.recv().await.unwrap(), begun.recv().await.unwrap()];
    early.sort();
    assert_eq!(early, ["1", "3"]);
    assert!(begun.try_recv().is_err());
    sleep(Duration::from_secs(51)).await;
    assert_eq!(begun.try_recv().unwrap(), "2");
}
