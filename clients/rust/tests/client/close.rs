//! How a client ends.

use crate::{client_of, server, timed_out};
use dlq_client::testing::FakeDlq;
use dlq_client::{Client, ErrorKind, Receipt, SpoolOptions};
use std::future::IntoFuture;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};
use tokio::task::yield_now;

#[tokio::test]
async fn whoever_closes_waits_for_the_handlers() {
    let server = server();
    let client = client_of(&server);
    let sent = client.send("closing", "a", &timed_out());
    sent.delay(Duration::ZERO).await.unwrap();
    let (told, mut started) = mpsc::unbounded_channel();
    let (kept, mut results) = mpsc::unbounded_channel();
    let (go_on, within) = (Arc::new(Notify::new()), client.clone());
    let goes_on = Arc::clone(&go_on);
    let worker = client.worker(["closing"]).run(move |_| {
        let (client, told, kept) = (within.clone(), told.clone(), kept.clone());
        let goes_on = Arc::clone(&goes_on);
        async move {
            told.send(()).unwrap();
            goes_on.notified().await;
            kept.send(client.letter("closing-b", "b").await).unwrap();
            Ok::<(), io::Error>(())
        }
    });
    let _worker = worker.unwrap();
    started.recv().await.unwrap();
    let closes = [client.clone(), client.clone()].map(|client| {
        tokio::spawn(async move { client.close().await }) // both wait for the handler
    });
    for _ in 0..10 {
        yield_now().await;
    }
    assert!(closes.iter().all(|close| !close.is_finished()));
    go_on.notify_one();
    assert!(matches!(results.recv().await.unwrap(), Ok(Receipt::Sent(_))));
    for close in closes {
        close.await.unwrap();
    }
    let late = client.letter("closing-b", "c").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_flush_after_the_close_returns() {
    let server = server();
    let client = client_of(&server);
    client.close().await;
    client.flush().await;
    client.close().await;
}

/// As by tests that share a client.
#[test]
fn a_client_whose_runtime_is_gone_says_so_or_keeps_what_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let runtime = Runtime::new().unwrap();
    let [without, with] = runtime.block_on(async {
        let builder = || Client::builder("http://127.0.0.1:1");
        [builder().without_spool(), builder().spool(spool)].map(|builder| builder.build().unwrap())
    });
    drop(runtime);
    let another = Runtime::new().unwrap();
    let error = another
        .block_on(without.letter("q", "a").into_future())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let kept = another.block_on(with.letter("q", "a").into_future()).unwrap();
    assert_eq!(kept, Receipt::Spooled { durable: true });
    another.block_on(with.close());
}

#[test]
fn a_worker_whose_runtime_is_gone_holds_up_nobody() {
    let runtime = Runtime::new().unwrap();
    let (client, worker) = runtime.block_on(async {
        let client = FakeDlq::new().client().unwrap();
        let worker = client.worker(["q"]).run(|_| async { Ok::<(), io::Error>(()) });
        (client, worker.unwrap())
    });
    drop(runtime);
    Runtime::new().unwrap().block_on(async {
        let closes = async { tokio::join!(worker.done(), client.close()) };
        let closed = tokio::time::timeout(Duration::from_secs(5), closes).await;
        assert!(closed.is_ok(), "it goes on to wait");
    });
}

#[test]
fn what_needs_a_runtime_says_so() {
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(async { FakeDlq::new().client().unwrap() });
    let worker = client.worker(["q"]).run(|_| async { Ok::<(), io::Error>(()) });
    assert_eq!(worker.unwrap_err().kind(), ErrorKind::Invalid);
    let built = Client::builder("http://127.0.0.1:1").build();
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Invalid);
}
