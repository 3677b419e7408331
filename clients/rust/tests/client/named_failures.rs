//! What had failed is named, so that nobody looks elsewhere.

use crate::timed_out;
use dlq_client::{Client, ClientBuilder, Error, ErrorKind, SpoolOptions, Transport};
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tower::layer::layer_fn;
use tower::service_fn;

/// Each call fails so, and is told.
fn failing(status: fn() -> Status, called: &Arc<Notify>) -> ClientBuilder {
    let called = Arc::clone(called);
    Client::builder("http://127.0.0.1:1").layer(layer_fn(move |_: Transport| {
        let called = Arc::clone(&called);
        service_fn(move |_: Request<Body>| {
            called.notify_one();
            async move { Err::<Response<Body>, _>(status()) }
        })
    }))
}

/// With a spool in this folder that has room for so much.
fn spooling(builder: ClientBuilder, folder: &TempDir, max_bytes: u64) -> Client {
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        max_bytes,
        ..SpoolOptions::default()
    };
    builder.spool(spool).on_dropped(|_, _| {}).build().unwrap()
}

fn assert_named(error: &Error, kind: ErrorKind, code: Code, words: &str) {
    assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[tokio::test]
async fn a_spool_without_room_names_the_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = || failing(|| Status::unauthenticated("an old token"), &Arc::default());
    let full = spooling(refusing(), &folder, 1);
    let error = full.send("q", "a", &timed_out()).await.unwrap_err();
    assert_named(
        &error,
        ErrorKind::SpoolFull,
        Code::Unauthenticated,
        "not sent: an old token",
    );
    let roomy = spooling(refusing(), &folder, 64 << 20);
    let error = roomy.letter("q", vec![0; 9 << 20]).await.unwrap_err();
    assert_named(
        &error,
        ErrorKind::SpoolFull,
        Code::Unauthenticated,
        "not sent: an old token",
    );
}

#[tokio::test]
async fn a_spool_without_room_names_why_nobody_is_reached_also_of_later_sends() {
    let folder = tempfile::tempdir().unwrap();
    let builder = failing(|| Status::unavailable("no route"), &Arc::default());
    let client = spooling(builder.timeout(Duration::from_millis(100)), &folder, 1);
    for _ in 0..4 {
        let error = client.letter("q", "a").await.unwrap_err();
        assert_named(
            &error,
            ErrorKind::SpoolFull,
            Code::Unavailable,
            "not sent: no route",
        );
    }
}

#[tokio::test]
async fn a_close_names_what_had_failed() {
    let called = Arc::new(Notify::new());
    let client = failing(|| Status::unavailable("no route"), &called).without_spool();
    let client = client
        .timeout(Duration::from_secs(60))
        .on_dropped(|_, _| {})
        .build()
        .unwrap();
    let sending = client.letter("q", "a").into_future();
    for _ in 0..2 {
        called.notified().await; // the answer to the first one is known
    }
    client.close_within(Duration::ZERO).await;
    let error = sending.await.unwrap_err();
    assert_named(
        &error,
        ErrorKind::Closed,
        Code::Unavailable,
        "not taken it: no route",
    );
}
