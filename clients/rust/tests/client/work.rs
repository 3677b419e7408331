//! What becomes of deliveries.

use crate::{client_of, server, timed_out};
use dlq_client::testing::FakeDlq;
use dlq_client::{Delivery, ErrorKind, Outcome};
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

#[tokio::test]
async fn a_panic_of_a_handler_is_its_failure() {
    let server = server();
    let client = client_of(&server);
    client
        .send("panics", "a", &timed_out())
        .delay(Duration::ZERO)
        .max_retries(1)
        .await
        .unwrap();
    let (told, mut settled) = mpsc::unbounded_channel();
    let worker = client
        .worker(["panics"])
        .on_settled(move |_, result| told.send(result.clone()).unwrap())
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
async fn a_stream_hands_out_what_is_due() {
    let server = server();
    let client = client_of(&server);
    for payload in ["a", "b"] {
        client
            .send("stream", payload, &timed_out())
            .delay(Duration::ZERO)
            .await
            .unwrap();
    }
    let (told, mut settled) = mpsc::unbounded_channel();
    let mut deliveries = client
        .worker(["stream"])
        .on_settled(move |_, result| told.send(result.outcome.as_str()).unwrap())
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
async fn a_handler_that_never_ends_is_dropped_by_stop() {
    let server = server();
    let client = client_of(&server);
    client
        .send("endless", "a", &timed_out())
        .delay(Duration::ZERO)
        .await
        .unwrap();
    let (told, mut started) = mpsc::unbounded_channel();
    let worker = client
        .worker(["endless"])
        .run(move |_| {
            told.send(()).unwrap();
            pending::<Result<Outcome, io::Error>>()
        })
        .unwrap();
    started.recv().await.unwrap();
    worker.stop_within(Duration::from_millis(50)).await;
    worker.done().await.unwrap();
}

#[tokio::test]
async fn what_a_handler_logs_belongs_to_its_delivery() {
    let _logs = tracing::subscriber::set_default(tracing_subscriber::registry());
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.letter("logged", "a").await.unwrap();
    let (told, mut spans) = mpsc::unbounded_channel();
    let worker = client.worker(["logged"]).run(move |_| {
        let told = told.clone();
        async move {
            let span = tracing::Span::current();
            told.send(span.metadata().map(tracing::Metadata::name)).unwrap();
            Ok::<(), io::Error>(())
        }
    });
    let _worker = worker.unwrap();
    assert_eq!(spans.recv().await.unwrap(), Some("delivery"));
}

#[tokio::test]
async fn whoever_asks_hears_that_it_was_refused() {
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
