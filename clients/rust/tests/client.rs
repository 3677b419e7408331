//! The client on a real server.

use dlq_client::testing::LocalServer;
use dlq_client::{Client, Delivery, ErrorKind, Json, Outcome, Receipt, SpoolOptions};
use std::future::{IntoFuture, pending};
use std::io;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::mpsc;

/// One for the tests that run at present, each of which has a queue of its own; removed with the last.
fn server() -> Arc<LocalServer> {
    static SHARED: Mutex<Weak<LocalServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(LocalServer::start().expect("a server"));
        *shared = Arc::downgrade(&server);
        server
    })
}

fn client_of(server: &LocalServer) -> Client {
    Client::builder(server.target())
        .without_spool()
        .build()
        .expect("a client")
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "bank is slow")
}

#[tokio::test]
async fn a_send_goes_on_when_nobody_waits_for_it() {
    let server = server();
    let client = client_of(&server);
    let sending = client.send("detached", "a", &timed_out()).into_future();
    drop(sending);
    client.flush().await;
    let mut stubs = client.stubs();
    let stats = stubs.stats(dlq_client::v1::StatsRequest {
        queues: vec!["detached".to_owned()],
    });
    assert_eq!(stats.await.unwrap().into_inner().total_messages, 1);
}

#[tokio::test]
async fn what_is_pending_is_sent_after_the_last_client_was_dropped() {
    let server = server();
    let client = client_of(&server);
    let sending = client.send("dropped-client", "a", &timed_out()).into_future();
    drop(client);
    assert!(matches!(sending.await, Ok(Receipt::Sent(_))));
}

#[test]
fn what_is_pending_when_the_runtime_ends_is_in_the_spool() {
    let folder = std::env::temp_dir().join(format!("dlq-rust-{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let spool = SpoolOptions {
            folder: Some(folder.clone()),
            ..SpoolOptions::default()
        };
        // Nobody listens on port 1.
        let client = Client::builder("http://127.0.0.1:1")
            .spool(spool)
            .build()
            .unwrap();
        drop(client.send("spooled", "a", &timed_out()).into_future());
    });
    drop(runtime);
    let files = std::fs::read_dir(folder.join("default")).unwrap().count();
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(files, 1);
}

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
async fn dead_letter_gives_what_the_work_gives_and_keeps_what_fails() {
    let server = server();
    let client = client_of(&server);
    let done = client
        .dead_letter("wrapped", "a", async { Ok::<_, io::Error>(1) })
        .await;
    assert_eq!(done.unwrap(), Some(1));
    let kept = client
        .dead_letter("wrapped", Json([1]), async { Err::<(), _>(timed_out()) })
        .await;
    assert_eq!(kept.unwrap(), None);
    let lost = client
        .dead_letter("no such name!", "a", async { Err::<(), _>(timed_out()) })
        .await;
    assert_eq!(lost.unwrap_err().to_string(), "bank is slow");
}

#[tokio::test]
async fn what_can_not_be_is_said_at_once() {
    for target in ["", "ftp://localhost", "http://"] {
        let error = Client::builder(target).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{target}");
    }
    let client = Client::builder("http://127.0.0.1:1")
        .without_spool()
        .build()
        .unwrap();
    let error = client
        .worker([""; 0])
        .run(|_| async { Ok::<(), io::Error>(()) })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
