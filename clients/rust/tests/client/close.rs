//! Closing a client.

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
async fn each_close_waits_for_the_handlers() {
    let server = server();
    let client = client_of(&server);
    let sent = client.send("closing", "a", &timed_out());
    sent.delay(Duration::ZERO).await.unwrap();
    let (start, mut started) = mpsc::unbounded_channel();
    let (result, mut results) = mpsc::unbounded_channel();
    let (finish, handler_client) = (Arc::new(Notify::new()), client.clone());
    let may_finish = Arc::clone(&finish);
    let worker = client.worker(["closing"]).run(move |_| {
        let (client, start, result) = (handler_client.clone(), start.clone(), result.clone());
        let may_finish = Arc::clone(&may_finish);
        async move {
            start.send(()).unwrap();
            may_finish.notified().await;
            result.send(client.send_request("closing-b", "b").await).unwrap();
            Ok::<(), io::Error>(())
        }
    });
    let _worker = worker.unwrap();
    started.recv().await.unwrap();
    let closes =
        [client.clone(), client.clone()].map(|client| tokio::spawn(async move { client.close().await }));
    for _ in 0..10 {
        yield_now().await;
    }
    assert!(closes.iter().all(|close| !close.is_finished()));
    finish.notify_one();
    assert!(matches!(results.recv().await.unwrap(), Ok(Receipt::Sent(_))));
    for close in closes {
        close.await.unwrap();
    }
    let late = client.send_request("closing-b", "c").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_flush_after_a_close_returns() {
    let server = server();
    let client = client_of(&server);
    client.close().await;
    client.flush().await;
    client.close().await;
}

/// Tests that share a client use it in several runtimes.
#[test]
fn a_send_after_the_runtime_ended_is_spooled_or_fails() {
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
        .block_on(without.send_request("q", "a").into_future())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let receipt = another
        .block_on(with.send_request("q", "a").into_future())
        .unwrap();
    assert_eq!(receipt, Receipt::Spooled { durable: true });
    another.block_on(with.close());
}

#[test]
fn done_and_close_return_after_the_workers_runtime_ended() {
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
        assert!(closed.is_ok(), "done or close still waits");
    });
}

#[test]
fn building_without_a_runtime_is_invalid() {
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(async { FakeDlq::new().client().unwrap() });
    let worker = client.worker(["q"]).run(|_| async { Ok::<(), io::Error>(()) });
    assert_eq!(worker.unwrap_err().kind(), ErrorKind::Invalid);
    let built = Client::builder("http://127.0.0.1:1").build();
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Invalid);
}
