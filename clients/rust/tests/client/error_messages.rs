//! Error messages name the cause of a failure.

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

/// A client whose calls all fail and notify `called`.
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

/// Adds a spool with a size limit.
fn with_spool(builder: ClientBuilder, folder: &TempDir, max_bytes: u64) -> Client {
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        max_bytes,
        ..SpoolOptions::default()
    };
    builder.spool(spool).on_dropped(|_, _| {}).build().unwrap()
}

fn assert_names(error: &Error, kind: ErrorKind, code: Code, text: &str) {
    assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

/// A `main` that returns the error prints it.
#[tokio::test]
async fn the_debug_text_of_an_error_has_no_bytes_of_a_status() {
    let refused = failing(|| Status::unauthenticated("an old token"), &Arc::default());
    let client = refused.without_spool().build().unwrap();
    let error = client.send("q", "a", &timed_out()).await.unwrap_err();
    let expected = "Error { kind: Unauthenticated, message: \"an old token; give the client a valid `token`\", maybe_stored: false, code: Some(Unauthenticated), .. }";
    assert_eq!(format!("{error:?}"), expected);
}

#[tokio::test]
async fn a_spool_full_error_names_the_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = || failing(|| Status::unauthenticated("an old token"), &Arc::default());
    let full = with_spool(refusing(), &folder, 1);
    let error = full.send("q", "a", &timed_out()).await.unwrap_err();
    assert_names(
        &error,
        ErrorKind::SpoolFull,
        Code::Unauthenticated,
        "not sent: an old token",
    );
    let roomy = with_spool(refusing(), &folder, 64 << 20);
    let error = roomy.send_request("q", vec![0; 9 << 20]).await.unwrap_err();
    assert_names(
        &error,
        ErrorKind::SpoolFull,
        Code::Unauthenticated,
        "not sent: an old token",
    );
}

#[tokio::test]
async fn a_spool_full_error_names_the_connection_error_for_later_sends_too() {
    let folder = tempfile::tempdir().unwrap();
    let builder = failing(|| Status::unavailable("no route"), &Arc::default());
    let client = with_spool(builder.timeout(Duration::from_millis(100)), &folder, 1);
    for _ in 0..4 {
        let error = client.send_request("q", "a").await.unwrap_err();
        assert_names(
            &error,
            ErrorKind::SpoolFull,
            Code::Unavailable,
            "not sent: no route",
        );
    }
}

#[tokio::test]
async fn a_closed_error_names_the_connection_error() {
    let called = Arc::new(Notify::new());
    let client = failing(|| Status::unavailable("no route"), &called).without_spool();
    let client = client
        .timeout(Duration::from_secs(60))
        .on_dropped(|_, _| {})
        .build()
        .unwrap();
    let sending = client.send_request("q", "a").into_future();
    for _ in 0..2 {
        called.notified().await; // after the second call, the first result is known
    }
    client.close_within(Duration::ZERO).await;
    let error = sending.await.unwrap_err();
    assert_names(
        &error,
        ErrorKind::Closed,
        Code::Unavailable,
        "before the message was sent: no route",
    );
}
