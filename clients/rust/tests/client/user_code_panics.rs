//! Panics of user code affect nothing else.

use crate::log_lines::LogLines;
use crate::{server, timed_out};
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, ClientBuilder, ErrorKind, Json, Receipt, SpoolOptions, Transport};
use std::collections::HashMap;
use std::future::IntoFuture;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::body::Body;
use tonic::codegen::http;
use tower::layer::layer_fn;
use tower::{Layer, ServiceExt};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

/// A client with a layer that panics in the first calls of each method.
fn client_with_panicking_layer(builder: ClientBuilder, times: u32) -> Client {
    let calls = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
    let layer = layer_fn(move |transport: Transport| {
        let calls = Arc::clone(&calls);
        transport.map_request(move |request: http::Request<Body>| {
            let made = {
                let mut calls = calls.lock().unwrap();
                let made = calls.entry(request.uri().path().to_owned()).or_default();
                *made += 1;
                *made
            };
            assert!(made > times, "call {made} of {}", request.uri());
            request
        })
    });
    builder.layer(layer).build().unwrap()
}

#[tokio::test]
async fn on_dropped_may_send() {
    let cell = Arc::new(OnceLock::<Client>::new());
    let (client, (report, mut dropped)) = (Arc::clone(&cell), mpsc::unbounded_channel());
    let builder = FakeDlq::new().builder().on_dropped(move |error, queue| {
        report.send((error.kind(), queue.to_owned())).unwrap();
        drop(client.get().unwrap().send_request("dropped", "a").into_future());
    });
    let client = cell.get_or_init(|| builder.build().unwrap());
    client.close().await;
    for _ in 0..2 {
        client.send_request("q", "a").await.unwrap_err();
        assert_eq!(dropped.recv().await, Some((ErrorKind::Closed, "q".to_owned())));
    }
}

#[tokio::test]
async fn drops_of_what_on_dropped_sends_are_only_logged() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let cell = Arc::new(OnceLock::<Client>::new());
    let (client, (report, mut dropped)) = (Arc::clone(&cell), mpsc::unbounded_channel());
    let builder = Client::builder("127.0.0.1:1").without_spool();
    let builder = builder
        .timeout(Duration::from_millis(10))
        .on_dropped(move |_, queue| {
            report.send(queue.to_owned()).unwrap();
            drop(client.get().unwrap().send_request("dropped", "a").into_future());
        });
    let client = cell.get_or_init(|| builder.build().unwrap());
    for _ in 0..2 {
        client.send_request("q", "a").await.unwrap_err();
        client.flush().await;
        assert_eq!(dropped.recv().await.unwrap(), "q");
        assert!(dropped.try_recv().is_err());
    }
    let lines = log.with("dropped a message for queue \"dropped\" (deadline): ");
    assert!(!lines.is_empty());
}

#[tokio::test]
async fn a_panic_of_a_layer_fails_one_try() {
    let server = server();
    let client = client_with_panicking_layer(Client::builder(server.target()).without_spool(), 5);
    let sent = client.send("layer-panics", "a", &timed_out()).await;
    assert!(matches!(sent, Ok(Receipt::Sent(_))), "{sent:?}");
}

#[tokio::test]
async fn a_worker_continues_after_a_panic_of_a_layer() {
    let server = server();
    let client = client_with_panicking_layer(Client::builder(server.target()).without_spool(), 1);
    let sent = client.send("layer-panics-work", "a", &timed_out());
    sent.delay(Duration::ZERO).await.unwrap();
    let (report, mut settled) = mpsc::unbounded_channel();
    let worker = client
        .worker(["layer-panics-work"])
        .on_error(|_, _| {})
        .on_settled(move |_, result| report.send(result.outcome.as_str()).unwrap())
        .run(|_| async { Ok::<(), io::Error>(()) })
        .unwrap();
    let settled = tokio::time::timeout(Duration::from_secs(10), settled.recv());
    assert_eq!(settled.await.expect("an outcome"), Some("succeeded"));
    worker.stop().await;
}

struct PanickingJson;

impl serde::Serialize for PanickingJson {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("no JSON")
    }
}

#[tokio::test]
async fn a_message_whose_payload_panics_is_dropped_and_reported() {
    let fake = FakeDlq::new();
    let (report, mut dropped) = mpsc::unbounded_channel();
    let builder = fake.builder();
    let client = builder.on_dropped(move |error, _| report.send(error.kind()).unwrap());
    let client = client.build().unwrap();
    let error = client
        .send_request("orders", Json(PanickingJson))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(dropped.recv().await, Some(ErrorKind::Invalid));
    // A panic of the layer's payload does not affect the service.
    let layer = client.dead_letter_layer("orders", |_: &u32| -> String { panic!("no payload") });
    let service = layer.layer(tower::service_fn(|number: u32| async move {
        if number == 17 {
            Err(timed_out())
        } else {
            Ok(number)
        }
    }));
    assert_eq!(service.clone().oneshot(16).await.unwrap(), 16);
    service.oneshot(17).await.unwrap_err();
    assert_eq!(dropped.recv().await, Some(ErrorKind::Invalid));
}

#[tokio::test]
async fn a_coordinate_that_panics_is_left_out() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client
        .send_request("orders", "a")
        .coordinate("topic", PanickingText);
    send.coordinate("offset", 7).await.unwrap();
    let messages = fake.wait_for("orders", FakeState::Scheduled, 1).await;
    let origin = messages[0].request.origin.as_ref().unwrap();
    assert_eq!(
        origin.coordinates,
        HashMap::from([("offset".to_owned(), "7".to_owned())])
    );
}

/// A log subscriber that panics.
struct BrokenLog;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for BrokenLog {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        panic!("no log")
    }
}

#[tokio::test]
async fn sends_work_with_a_log_that_panics() {
    let log = tracing_subscriber::registry().with(BrokenLog);
    let _logs = tracing::subscriber::set_default(log);
    let client = Client::builder("http://127.0.0.1:1").without_spool();
    let client = client.timeout(Duration::from_millis(20)).build().unwrap();
    // It logs that the token is not encrypted.
    let exposed = Client::builder("http://shop.example:1").token("t");
    exposed.without_spool().build().unwrap();
    for _ in 0..2 {
        let late = client.send_request("q", "a").await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Deadline);
    }
    let wrong = client.send_request("q", Json(PanickingJson)).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid);
    client.close().await;
}

#[tokio::test]
async fn the_message_of_work_that_panics_is_sent() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let broken = async {
        if true {
            panic!("no such order")
        } else {
            Ok::<(), io::Error>(())
        }
    };
    assert_eq!(client.dead_letter("orders", "a", broken).await.unwrap(), None);
    let messages = fake.wait_for("orders", FakeState::Scheduled, 1).await;
    assert_eq!(messages[0].failures[0].r#type, "panic");
    assert!(messages[0].failures[0].message.contains("no such order"));
    fake.go_down();
    let lost = tokio::spawn(async move {
        let broken = async { panic!("still none") };
        let work = client.dead_letter::<(), io::Error>("no name!", "a", broken);
        work.await
    });
    assert!(lost.await.unwrap_err().is_panic());
}

#[derive(Debug)]
struct Blocked(PanickingText);

impl std::fmt::Display for Blocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no way")
    }
}

impl std::error::Error for Blocked {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[derive(Debug)]
struct PanickingText;

impl std::fmt::Display for PanickingText {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no text")
    }
}

impl std::error::Error for PanickingText {}

#[tokio::test]
async fn an_error_of_a_layer_may_panic() {
    let layer = layer_fn(|_: Transport| {
        tower::service_fn(|_: http::Request<Body>| async {
            Err::<http::Response<Body>, _>(Blocked(PanickingText))
        })
    });
    let client = Client::builder("http://127.0.0.1:1").without_spool().layer(layer);
    let client = client.timeout(Duration::from_millis(50)).build().unwrap();
    for _ in 0..2 {
        let late = client.send_request("q", "a").await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Deadline, "{late}");
    }
}

#[tokio::test]
async fn on_dropped_may_spawn_a_task() {
    let folder = tempfile::tempdir().unwrap();
    let (report, mut dropped) = mpsc::unbounded_channel();
    let client = Client::builder("http://127.0.0.1:1")
        .spool(SpoolOptions {
            folder: Some(folder.path().to_owned()),
            max_bytes: 1,
            ..SpoolOptions::default()
        })
        .timeout(Duration::from_millis(1))
        .on_dropped(move |error, _| {
            let (report, kind) = (report.clone(), error.kind());
            tokio::spawn(async move { report.send(kind) });
        })
        .build()
        .unwrap();
    client.send_request("q", "a").await.unwrap_err();
    drop(client);
    assert_eq!(dropped.recv().await, Some(ErrorKind::SpoolFull));
}
