//! Workers and the outcomes of their deliveries.

use crate::{client_of, server, timed_out};
use dlq_client::testing::FakeDlq;
use dlq_client::{Delivery, ErrorKind, Outcome};
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

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
    worker.stop().await;
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
