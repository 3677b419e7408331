//! `on_dropped`, and log subscribers, that send messages.

use dlq_client::testing::FakeDlq;
use dlq_client::{Client, ClientBuilder, ErrorKind, SpoolOptions};
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::block_in_place;
use tokio::time::timeout;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

/// Ends only what hangs.
const DEADLINE: Duration = Duration::from_secs(60);
const SPOOL_THREAD: Option<&str> = Some("dlq-spool");

/// Returns a client of no service, with a spool of `max_bytes`, or without one.
fn away_client(folder: &Path, max_bytes: Option<u64>) -> ClientBuilder {
    let builder = Client::builder("127.0.0.1:1").timeout(Duration::from_millis(10));
    match max_bytes {
        None => builder.without_spool(),
        Some(max_bytes) => builder.spool(SpoolOptions {
            folder: Some(folder.to_owned()),
            max_bytes,
            ..SpoolOptions::default()
        }),
    }
}

#[tokio::test]
async fn on_dropped_may_send_in_the_thread_of_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let cell = Arc::new(OnceLock::<Client>::new());
    let (client, (report, mut dropped)) = (Arc::clone(&cell), mpsc::unbounded_channel());
    let builder = away_client(folder.path(), Some(1)).on_dropped(move |error, queue| {
        assert_eq!(thread::current().name(), SPOOL_THREAD);
        report.send((error.kind(), queue.to_owned())).unwrap();
        drop(client.get().unwrap().send_request("dropped", "a").into_future());
    });
    let client = cell.get_or_init(|| builder.build().unwrap());
    for _ in 0..2 {
        client.send_request("q", "a").await.unwrap_err();
        client.flush().await;
        assert_eq!(dropped.try_recv(), Ok((ErrorKind::SpoolFull, "q".to_owned())));
        dropped.try_recv().unwrap_err();
    }
    client.close().await;
}

/// The send needs the thread that calls `on_dropped`: the wait would never end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_a_send_in_on_dropped_fails() {
    let folder = tempfile::tempdir().unwrap();
    for max_bytes in [None, Some(1)] {
        let cell = Arc::new(OnceLock::<Client>::new());
        let (client, (report, mut errors)) = (Arc::clone(&cell), mpsc::unbounded_channel());
        let builder = away_client(folder.path(), max_bytes).on_dropped(move |_, _| {
            let send = client.get().unwrap().send_request("dropped", "a").into_future();
            let waited = block_in_place(|| Handle::current().block_on(send));
            report.send(waited.unwrap_err()).unwrap();
        });
        let client = cell.get_or_init(|| builder.build().unwrap());
        client.send_request("q", "a").await.unwrap_err();
        let error = errors.recv().await.unwrap();
        assert_eq!((error.kind(), error.maybe_stored()), (ErrorKind::Aborted, true));
        assert!(error.to_string().starts_with("the send continues"), "{error}");
        client.close().await;
    }
}

/// Both would wait for the callback itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_and_a_close_in_on_dropped_return_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for (max_bytes, closes) in [(None, false), (Some(1), false), (None, true), (Some(1), true)] {
        let cell = Arc::new(OnceLock::<Client>::new());
        let (client, (report, mut ended)) = (Arc::clone(&cell), mpsc::unbounded_channel());
        let builder = away_client(folder.path(), max_bytes).on_dropped(move |_, _| {
            let client = client.get().unwrap();
            let wait = async {
                if closes {
                    client.close().await;
                } else {
                    client.flush().await;
                }
            };
            let waited = block_in_place(|| Handle::current().block_on(timeout(DEADLINE, wait)));
            report.send(waited.is_ok()).unwrap();
        });
        let client = cell.get_or_init(|| builder.build().unwrap());
        client.send_request("q", "a").await.unwrap_err();
        assert_eq!(ended.recv().await, Some(true), "{max_bytes:?} {closes}");
        if closes {
            let send = async || client.send_request("q", "a").await.unwrap_err().kind();
            let closed = async { while send().await != ErrorKind::Closed {} };
            timeout(DEADLINE, closed)
                .await
                .expect("it closes in the background");
        }
        client.close().await;
    }
}

/// It would wait for the report of the outcome, which waits for the callback.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_in_on_settled_ends() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("q", "a").await.unwrap();
    let (closing, (report, mut ended)) = (client.clone(), mpsc::unbounded_channel());
    let worker = client.worker(["q"]).on_settled(move |_, _| {
        let close = timeout(DEADLINE, closing.close_within(Duration::ZERO));
        let waited = block_in_place(|| Handle::current().block_on(close));
        report.send(waited.is_ok()).unwrap();
    });
    let _worker = worker.run(|_| async { Ok::<(), io::Error>(()) }).unwrap();
    assert_eq!(ended.recv().await, Some(true));
}

static CLIENT: Mutex<Option<Client>> = Mutex::new(None);

/// Sends a message for each warning. In the thread of the spool it waits for it.
struct SendingLog;

impl<S: Subscriber> Layer<S> for SendingLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let client = CLIENT.lock().unwrap().clone();
        if let Some(client) = client
            && *event.metadata().level() <= Level::WARN
        {
            let send = client.send_request("log", "a line").into_future();
            if thread::current().name() == SPOOL_THREAD {
                let _ = Handle::current().block_on(send);
            }
        }
    }
}

/// Runs in a process of its own, because a subscriber is global.
#[test]
#[ignore = "the other test runs it"]
fn program() {
    registry().with(SendingLog).init();
    let folder = tempfile::tempdir().unwrap();
    for max_bytes in [None, Some(1), Some(1_000_000)] {
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(async { away_client(folder.path(), max_bytes).build().unwrap() });
        *CLIENT.lock().unwrap() = Some(client.clone());
        // The second one ends after its runtime has.
        for runtime in [runtime, Runtime::new().unwrap()] {
            runtime.block_on(async {
                let send = client.send_request("q", "a").into_future();
                let result = timeout(DEADLINE, send).await.expect("a result");
                assert_eq!(result.is_ok(), max_bytes == Some(1_000_000), "{result:?}");
            });
        }
        let close = async { timeout(DEADLINE, client.close()).await.expect("it closes") };
        Runtime::new().unwrap().block_on(close);
    }
}

#[test]
fn a_log_subscriber_may_send() {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args([
        "sending_callbacks::program",
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    let output = program.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
