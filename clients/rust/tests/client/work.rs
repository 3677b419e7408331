//! Workers and the outcomes of their deliveries.

use crate::log_lines::LogLines;
use crate::{client_of, server, timed_out};
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Delivery, ErrorKind, Outcome};
use std::error::Error as _;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

#[tokio::test]
async fn a_handler_that_panics_has_failed() {
    let server = server();
    let client = client_of(&server);
    client
        .send("panics", "a", &timed_out())
        .delay(Duration::ZERO)
        .max_retries(1)
        .await
        .unwrap();
    let (report, mut settled) = mpsc::unbounded_channel();
    let worker = client
        .worker(["panics"])
        .on_settled(move |_, result| report.send(result.clone()).unwrap())
        .run(|_: Delivery| async {
            if true {
                panic!("no such order")
            } else {
                Ok::<(), io::Error>(())
            }
        })
        .unwrap();
    let settled = settled.recv().await.unwrap();
    assert_eq!(settled.outcome, dlq_client::OutcomeKind::Failed);
    assert_eq!(settled.failure.unwrap().r#type, "panic");
    worker.stop().await;
}

#[derive(Debug, thiserror::Error)]
#[error("no stock")]
struct OrderError {
    #[source]
    cause: io::Error,
    #[allow(dead_code, reason = "it is printed by Debug")]
    password: &'static str,
}

#[tokio::test]
async fn a_failed_handler_is_logged_with_its_causes_but_no_other_fields() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client.send("orders", "a", &timed_out());
    send.max_retries(1).await.unwrap();
    let (report, mut settled) = mpsc::unbounded_channel();
    let worker = client
        .worker(["orders"])
        .on_settled(move |_, _| report.send(()).unwrap())
        .run(|_| async {
            let (cause, password) = (timed_out(), "hunter2");
            Err::<(), _>(OrderError { cause, password })
        })
        .unwrap();
    settled.recv().await.unwrap();
    worker.stop().await;
    let id = &fake.messages("orders")[0].id;
    let logged = log.with("the handler failed");
    let expected = format!(
        "the handler failed: message {id} of queue \"orders\", attempt 1\nno stock\n\nCaused by:\n    0: bank is slow\n\nAt "
    );
    assert_eq!(logged[0].0, Level::WARN);
    assert!(logged[0].1.starts_with(&expected), "{logged:?}");
    assert!(logged[0].1.contains("work.rs"), "{logged:?}");
    assert_eq!(log.with("hunter2"), []);
    assert_eq!(logged.len(), 1);
}

#[tokio::test]
async fn a_handler_that_panics_or_is_cancelled_is_reported_with_its_panic_or_not_at_all() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for payload in ["panic", "endless"] {
        let send = client.send("orders", payload, &timed_out());
        send.max_retries(1).await.unwrap();
    }
    let (report, mut errors) = mpsc::unbounded_channel();
    let worker = client
        .worker(["orders"])
        .on_error(move |error, delivery| {
            let cause = error.source().map(ToString::to_string);
            let attempt = delivery.map(Delivery::attempt);
            report.send((error.kind(), cause, attempt)).unwrap();
        })
        .run(|delivery| async move {
            assert_ne!(delivery.payload().text(), "panic", "no such order");
            pending::<Result<(), io::Error>>().await
        })
        .unwrap();
    let (kind, cause, attempt) = errors.recv().await.unwrap();
    assert_eq!((kind, attempt), (ErrorKind::HandlerFailed, Some(1)));
    assert!(cause.unwrap().contains("no such order"));
    worker.stop_within(Duration::ZERO).await;
    assert!(errors.try_recv().is_err());
}

#[tokio::test]
async fn a_stream_returns_due_messages() {
    let server = server();
    let client = client_of(&server);
    for payload in ["a", "b"] {
        client
            .send("stream", payload, &timed_out())
            .delay(Duration::ZERO)
            .await
            .unwrap();
    }
    let (report, mut settled) = mpsc::unbounded_channel();
    let mut deliveries = client
        .worker(["stream"])
        .on_settled(move |_, result| report.send(result.outcome.as_str()).unwrap())
        .stream()
        .unwrap();
    deliveries.next().await.unwrap().succeed();
    assert_eq!(settled.recv().await, Some("succeeded"));
    drop(deliveries.next().await.unwrap());
    assert_eq!(settled.recv().await, Some("released"));
    deliveries.stop(Duration::from_secs(10)).await;
    assert!(deliveries.next().await.is_none());
}

#[tokio::test]
async fn a_stop_drops_a_handler_that_does_not_end() {
    let server = server();
    let client = client_of(&server);
    client
        .send("endless", "a", &timed_out())
        .delay(Duration::ZERO)
        .await
        .unwrap();
    let (start, mut started) = mpsc::unbounded_channel();
    let worker = client
        .worker(["endless"])
        .run(move |_| {
            start.send(()).unwrap();
            pending::<Result<Outcome, io::Error>>()
        })
        .unwrap();
    started.recv().await.unwrap();
    worker.stop_within(Duration::from_millis(50)).await;
    worker.done().await.unwrap();
}

#[tokio::test]
async fn a_handler_that_a_stop_cancels_is_logged_once() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("orders", "a").await.unwrap();
    let (start, mut started) = mpsc::unbounded_channel();
    let worker = client
        .worker(["orders"])
        .run(move |delivery: Delivery| {
            start.send(delivery.id().to_owned()).unwrap();
            pending::<Result<(), io::Error>>()
        })
        .unwrap();
    let id = started.recv().await.unwrap();
    worker.stop_within(Duration::ZERO).await;
    let start = format!(
        "the worker stops and cancels handlers that still run: message {id} of queue \"orders\", attempt 1, for "
    );
    let lines = log.with(&start);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].0, Level::WARN);
    let end = " s; their messages are released; raise drain_timeout if handlers need longer";
    assert!(lines[0].1.ends_with(end), "{lines:?}");
}

#[tokio::test]
async fn a_handler_runs_within_a_delivery_span() {
    let _logs = tracing::subscriber::set_default(tracing_subscriber::registry());
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("logged", "a").await.unwrap();
    let (seen, mut spans) = mpsc::unbounded_channel();
    let worker = client.worker(["logged"]).run(move |_| {
        let seen = seen.clone();
        async move {
            let span = tracing::Span::current();
            seen.send(span.metadata().map(tracing::Metadata::name)).unwrap();
            Ok::<(), io::Error>(())
        }
    });
    let _worker = worker.unwrap();
    assert_eq!(spans.recv().await.unwrap(), Some("delivery"));
}

#[tokio::test]
async fn done_returns_the_refusal_each_time() {
    let server = server();
    let client = client_of(&server);
    let worker = client.worker(["no such name!"]).on_error(|_, _| {});
    let worker = worker.run(|_| async { Ok::<(), io::Error>(()) }).unwrap();
    for _ in 0..2 {
        let refused = worker.done().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Refused);
        assert_eq!(refused.code(), Some(tonic::Code::InvalidArgument));
    }
}

#[tokio::test]
async fn a_broken_stream_is_logged_once_a_minute_with_the_queue_until_it_works_again() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let fake = FakeDlq::new();
    fake.go_down();
    let client = fake.client().unwrap();
    let worker = client
        .worker(["orders"])
        .run(|_| async { Ok::<(), io::Error>(()) });
    let worker = worker.unwrap();
    let started_at = std::time::Instant::now();
    while started_at.elapsed() < Duration::from_millis(600) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let broken = log.with("the stream of due messages broke");
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0].1.ends_with("; retrying"), "{broken:?}");
    assert!(
        broken[0]
            .1
            .starts_with("the worker of queue \"orders\" gets no messages: "),
        "{broken:?}"
    );
    fake.come_back();
    client.send_request("orders", "a").await.unwrap();
    fake.wait_for("orders", FakeState::Succeeded, 1).await;
    let line = "the worker of queue \"orders\" works again".to_owned();
    assert_eq!(log.with("again"), [(Level::INFO, line)]);
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_that_is_dropped_at_once_gives_a_warning() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let client = FakeDlq::new().client().unwrap();
    let start = || {
        client
            .worker(["orders"])
            .run(|_| async { Ok::<(), io::Error>(()) })
    };
    start().unwrap().stop().await;
    assert_eq!(log.with("dropped"), []);
    let _ = start().unwrap();
    let line =
        "the worker of queue \"orders\" was dropped before it got messages, and stops; bind it to a variable";
    assert_eq!(log.with("dropped"), [(Level::WARN, line.to_owned())]);
}
