//! The warnings about messages that wait in the spool.

use crate::log_lines::LogLines;
use dlq_client::testing::FakeDlq;
use dlq_client::{Client, ClientBuilder, Receipt, SpoolOptions, Transport};
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::layer::layer_fn;
use tower::service_fn;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

static LOG: LazyLock<LogLines> = LazyLock::new(|| {
    let lines = LogLines::default();
    tracing::subscriber::set_global_default(registry().with(lines.clone())).unwrap();
    lines
});

/// Returns the lines with this text, which no other test has.
pub(crate) fn logged(text: &str) -> Vec<(Level, String)> {
    LOG.with(text)
}

fn warning(reason: &str) -> (Level, String) {
    (
        Level::WARN,
        format!("messages wait in the spool for 127.0.0.1:1 (1): {reason}; retrying"),
    )
}

/// Builds a client with this spool folder.
fn with_spool(builder: ClientBuilder, folder: &TempDir) -> Client {
    LazyLock::force(&LOG);
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let builder = builder.timeout(Duration::from_millis(100)).spool(spool);
    builder.build().unwrap()
}

/// A client whose calls all fail.
fn failing(status: fn() -> Status) -> ClientBuilder {
    Client::builder("http://127.0.0.1:1").layer(layer_fn(move |_: Transport| {
        service_fn(move |_: Request<Body>| async move { Err::<Response<Body>, _>(status()) })
    }))
}

async fn send_to_spool(client: &Client) {
    let receipt = client.send_request("orders", "a").await.unwrap();
    assert_eq!(receipt, Receipt::Spooled { durable: true });
}

#[tokio::test]
async fn one_warning_is_logged_before_a_send_returns() {
    let folder = tempfile::tempdir().unwrap();
    let client = with_spool(failing(|| Status::unavailable("no way there")), &folder);
    for _ in 0..4 {
        send_to_spool(&client).await; // the later ones go to the spool at once
        assert_eq!(logged("no way there"), [warning("no way there")]);
    }
}

#[tokio::test]
async fn an_empty_spool_after_a_warning_is_logged_once() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeDlq::new();
    fake.go_down();
    let client = with_spool(fake.builder(), &folder);
    for _ in 0..2 {
        send_to_spool(&client).await;
    }
    fake.come_back();
    let emptied = async {
        while logged("is empty again").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), emptied)
        .await
        .unwrap();
    let lines = logged("is empty again");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].0, Level::INFO);
    assert!(lines[0].1.starts_with("the spool for "), "{lines:?}");
}

#[tokio::test]
async fn the_warning_names_a_refused_connection() {
    let folder = tempfile::tempdir().unwrap();
    send_to_spool(&with_spool(Client::builder("http://127.0.0.1:1"), &folder)).await;
    let lines = logged("onnection refused");
    assert!(
        lines.iter().any(|line| line.1.contains("wait in the spool")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn the_warning_names_a_missing_answer() {
    let folder = tempfile::tempdir().unwrap();
    let silent = layer_fn(|_: Transport| {
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Status>>())
    });
    let builder = Client::builder("http://127.0.0.1:1").layer(silent);
    send_to_spool(&with_spool(builder, &folder)).await;
    let lines = logged("the server did not answer");
    assert!(
        lines.iter().any(|line| line.1.contains("wait in the spool")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn the_warning_names_the_error_of_the_spool_sender() {
    let folder = tempfile::tempdir().unwrap();
    let first = with_spool(failing(|| Status::unavailable("not there yet")), &folder);
    send_to_spool(&first).await;
    first.close().await;
    // Only its spool sender makes calls.
    let _second = with_spool(failing(|| Status::unavailable("nor later")), &folder);
    let line = async {
        while logged("nor later").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let line = tokio::time::timeout(Duration::from_secs(10), line);
    line.await.expect("a line");
    assert_eq!(logged("nor later"), [warning("nor later")]);
}

#[tokio::test]
async fn no_warning_is_logged_for_a_dropped_message() {
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        max_bytes: 1,
        ..SpoolOptions::default()
    };
    LazyLock::force(&LOG);
    let builder = failing(|| Status::unavailable("room for none")).spool(spool);
    let builder = builder.timeout(Duration::from_millis(100)).on_dropped(|_, _| {});
    builder
        .build()
        .unwrap()
        .send_request("orders", "a")
        .await
        .unwrap_err();
    assert_eq!(logged("room for none"), []);
}

#[test]
fn the_warning_names_the_end_of_the_clients_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(async { with_spool(Client::builder("127.0.0.1:1"), &folder) });
    drop(runtime);
    Runtime::new().unwrap().block_on(send_to_spool(&client));
    let lines = logged("(1): the runtime in which the client was built has ended");
    assert_eq!(lines.len(), 1, "{lines:?}");
}

/// A program that runs for a moment would never send what its earlier runs have left.
#[tokio::test]
async fn a_close_sends_what_an_earlier_client_left() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeDlq::new();
    fake.go_down();
    let first = with_spool(fake.builder().service("of-a-moment"), &folder);
    send_to_spool(&first).await;
    first.close().await;
    let lines = logged("messages stay in the spool for ");
    assert!(!lines.is_empty());
    fake.come_back();
    with_spool(fake.builder().service("of-a-moment"), &folder)
        .close()
        .await;
    assert_eq!(fake.messages("orders").len(), 1);
}
