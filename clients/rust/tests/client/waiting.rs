//! What is said of letters that wait in the spool.

use dlq_client::{Client, ClientBuilder, Receipt, SpoolOptions, Transport};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::layer::layer_fn;
use tower::service_fn;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;

/// All that is said, in whichever thread.
static LINES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Words(*event.metadata().level()));
    }
}

struct Words(Level);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            LINES.lock().unwrap().push((self.0, format!("{value:?}")));
        }
    }
}

/// What was said with these words, which no other test has.
fn said(words: &str) -> Vec<(Level, String)> {
    let lines = LINES.lock().unwrap();
    let found = lines.iter().filter(|(_, line)| line.contains(words));
    found.cloned().collect()
}

fn line(words: &str) -> (Level, String) {
    (
        Level::WARN,
        format!("the spool keeps what can't be delivered: {words}"),
    )
}

/// Of a folder of its own, or of that one.
fn spooling(builder: ClientBuilder, folder: &TempDir) -> Client {
    static LOG: OnceLock<()> = OnceLock::new();
    LOG.get_or_init(|| tracing::subscriber::set_global_default(registry().with(Lines)).unwrap());
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let builder = builder.timeout(Duration::from_millis(100)).spool(spool);
    builder.build().unwrap()
}

/// Each call fails so.
fn failing(status: fn() -> Status) -> ClientBuilder {
    Client::builder("http://127.0.0.1:1").layer(layer_fn(move |_: Transport| {
        service_fn(move |_: Request<Body>| async move { Err::<Response<Body>, _>(status()) })
    }))
}

async fn spooled(client: &Client) {
    let receipt = client.letter("orders", "a").await.unwrap();
    assert_eq!(receipt, Receipt::Spooled { durable: true });
}

#[tokio::test]
async fn why_nobody_is_reached_is_told_before_a_send_has_its_result_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let client = spooling(failing(|| Status::unavailable("no way there")), &folder);
    for _ in 0..4 {
        spooled(&client).await; // the later ones go to the spool at once
        assert_eq!(said("no way there"), [line("no way there")]);
    }
}

#[tokio::test]
async fn the_cause_is_told_where_a_connection_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    spooled(&spooling(Client::builder("http://127.0.0.1:1"), &folder)).await;
    let said = said("onnection refused");
    assert!(
        said.iter().any(|line| line.1.contains("can't be delivered")),
        "{said:?}"
    );
}

#[tokio::test]
async fn that_nobody_answers_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let silent = layer_fn(|_: Transport| {
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Status>>())
    });
    let builder = Client::builder("http://127.0.0.1:1").layer(silent);
    spooled(&spooling(builder, &folder)).await;
    let said = said("the server did not answer");
    assert!(
        said.iter().any(|line| line.1.contains("can't be delivered")),
        "{said:?}"
    );
}

#[tokio::test]
async fn what_the_courier_fails_with_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let first = spooling(failing(|| Status::unavailable("not there yet")), &folder);
    spooled(&first).await;
    first.close().await;
    // Sends nothing itself.
    let _second = spooling(failing(|| Status::unavailable("nor later")), &folder);
    let told = async {
        while said("nor later").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(10), told);
    told.await.expect("a line");
    assert_eq!(said("nor later"), [line("nor later")]);
}

#[tokio::test]
async fn what_finds_no_room_is_not_told_as_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        max_bytes: 1,
        ..SpoolOptions::default()
    };
    drop(spooling(failing(|| Status::unavailable("")), &folder)); // has the log
    let builder = failing(|| Status::unavailable("room for none")).spool(spool);
    let builder = builder.timeout(Duration::from_millis(100)).on_dropped(|_, _| {});
    builder.build().unwrap().letter("orders", "a").await.unwrap_err();
    assert_eq!(said("room for none"), []);
}
