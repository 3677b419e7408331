//! Sends and their results.

use crate::{client_of, server, timed_out};
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, Coalesce, ErrorKind, Json, Receipt, SpoolOptions};
use std::future::IntoFuture;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

#[tokio::test]
async fn a_send_continues_after_its_future_is_dropped() {
    let server = server();
    let client = client_of(&server);
    let sending = client.send("detached", "a", &timed_out()).into_future();
    drop(sending);
    client.flush().await;
    let mut stubs = client.stubs();
    let stats = stubs.stats(dlq_client::v1::StatsRequest {
        queues: vec!["detached".to_owned()],
        ..dlq_client::v1::StatsRequest::default()
    });
    assert_eq!(stats.await.unwrap().into_inner().total_messages, 1);
}

#[tokio::test]
async fn a_pending_send_continues_after_the_client_is_dropped() {
    let server = server();
    let client = client_of(&server);
    let sending = client.send("dropped-client", "a", &timed_out()).into_future();
    drop(client);
    assert!(matches!(sending.await, Ok(Receipt::Sent(_))));
}

#[test]
fn pending_sends_go_to_the_spool_when_the_runtime_ends() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let spool = SpoolOptions {
            folder: Some(folder.path().to_owned()),
            ..SpoolOptions::default()
        };
        // No server listens on port 1.
        let client = Client::builder("http://127.0.0.1:1")
            .spool(spool)
            .build()
            .unwrap();
        drop(client.send("spooled", "a", &timed_out()).into_future());
    });
    drop(runtime);
    let files = std::fs::read_dir(folder.path().join("default")).unwrap().count();
    assert_eq!(files, 1);
}

#[tokio::test]
async fn dead_letter_returns_the_result_and_sends_the_message_of_a_failure() {
    let server = server();
    let client = client_of(&server);
    let done = client
        .dead_letter("wrapped", "a", async { Ok::<_, io::Error>(1) })
        .await;
    assert_eq!(done.unwrap(), Some(1));
    let stored = client
        .dead_letter("wrapped", Json([1]), async { Err::<(), _>(timed_out()) })
        .await;
    assert_eq!(stored.unwrap(), None);
    let lost = client
        .dead_letter("no such name!", "a", async { Err::<(), _>(timed_out()) })
        .await;
    assert_eq!(lost.unwrap_err().to_string(), "bank is slow");
}

#[tokio::test]
async fn dead_letter_sends_the_message_of_work_that_is_dropped() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let never = std::future::pending::<Result<(), io::Error>>();
    let work = client.dead_letter("orders", "a", never);
    tokio::time::timeout(Duration::from_millis(5), work)
        .await
        .unwrap_err();
    let messages = fake.wait_for("orders", FakeState::Scheduled, 1).await;
    assert_eq!(messages[0].failures[0].r#type, "dropped");
    assert_eq!(messages[0].payload().text(), "a");
}

#[tokio::test]
async fn a_send_that_is_not_awaited_is_reported() {
    let fake = FakeDlq::new();
    let (report, mut dropped) = unbounded_channel();
    let builder = fake.builder().on_dropped(move |error, queue| {
        report
            .send((error.kind(), error.to_string(), queue.to_owned()))
            .unwrap();
    });
    let client = builder.build().unwrap();
    let _ = client.send("orders", "a", &timed_out());
    let text = "the send was never awaited, and nothing was sent; await it".to_owned();
    let expected = (ErrorKind::Aborted, text, "orders".to_owned());
    assert_eq!(dropped.recv().await, Some(expected));
    assert_eq!(client.status().sends.dropped, 1);
    client.send("orders", "a", &timed_out()).await.unwrap();
    let done = client.dead_letter("orders", "a", async { Ok::<_, io::Error>(1) });
    assert_eq!(done.await.unwrap(), Some(1));
    assert!(dropped.try_recv().is_err());
    drop(client.dead_letter("orders", "a", async { Ok::<_, io::Error>(1) }));
    assert!(dropped.try_recv().is_ok());
    assert_eq!(fake.messages("orders").len(), 1);
}

#[tokio::test]
async fn each_message_lost_from_memory_is_reported() {
    for is_closed in [true, false] {
        let root = tempfile::tempdir().unwrap();
        let (report, mut dropped) = unbounded_channel();
        let client = Client::builder("http://127.0.0.1:1")
            .spool(SpoolOptions {
                folder: Some(root.path().to_owned()),
                ..SpoolOptions::default()
            })
            .timeout(Duration::from_millis(1))
            .on_dropped(move |error, queue| report.send((error.kind(), queue.to_owned())).unwrap())
            .build()
            .unwrap();
        let receipt = client.send("disk", "a", &timed_out()).await.unwrap();
        assert_eq!(receipt, Receipt::Spooled { durable: true });
        // From now on no file can be created.
        std::fs::remove_dir_all(root.path().join("default")).unwrap();
        std::fs::write(root.path().join("default"), "").unwrap();
        for queue in ["one", "two"] {
            let receipt = client.send(queue, "a", &timed_out()).await.unwrap();
            assert_eq!(receipt, Receipt::Spooled { durable: false });
        }
        if is_closed {
            client.close().await;
        }
        drop(client);
        for queue in ["one", "two"] {
            let lost = dropped.recv().await;
            assert_eq!(lost, Some((ErrorKind::Closed, queue.to_owned())), "{is_closed}");
        }
    }
}

#[tokio::test]
async fn the_sends_that_wait_for_a_stalled_spool_are_limited() {
    let folder = tempfile::tempdir().unwrap();
    let (release, stalled) = mpsc::channel::<()>();
    let (stalled, kinds) = (Mutex::new(stalled), Arc::new(Mutex::new(Vec::new())));
    let dropped = Arc::clone(&kinds);
    let client = Client::builder("http://127.0.0.1:1")
        .spool(SpoolOptions {
            folder: Some(folder.path().to_owned()),
            max_bytes: 1,
            ..SpoolOptions::default()
        })
        .coalesce(Coalesce {
            max_pending_messages: 2,
            ..Coalesce::default()
        })
        .on_dropped(move |error, _| {
            dropped.lock().unwrap().push(error.kind());
            if error.kind() == ErrorKind::SpoolFull {
                let _ = stalled.lock().unwrap().recv(); // blocks the spool's thread
            }
        })
        .build()
        .unwrap();
    for _ in 0..10 {
        drop(client.send("stalled", "a", &timed_out()).into_future());
    }
    let kinds = kinds.lock().unwrap().clone();
    let refused = kinds.iter().filter(|kind| **kind == ErrorKind::BufferFull);
    assert!(refused.count() >= 5, "{kinds:?}");
    drop(release);
    client.close_within(Duration::ZERO).await;
}

#[tokio::test]
async fn a_late_send_has_the_causes_of_its_failure() {
    let client = Client::builder("http://127.0.0.1:1").without_spool();
    let client = client.timeout(Duration::from_millis(50)).build().unwrap();
    let error = client.send_request("q", "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    let kinds = causes.filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    assert_eq!(kinds.collect::<Vec<_>>(), [io::ErrorKind::ConnectionRefused]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_waits_until_drops_are_reported() {
    let (begin, mut begun) = unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    let (released, is_reported) = (Mutex::new(released), Arc::new(AtomicBool::new(false)));
    let reported = Arc::clone(&is_reported);
    let client = Client::builder("http://127.0.0.1:1")
        .without_spool()
        .timeout(Duration::from_millis(1))
        .on_dropped(move |_, _| {
            begin.send(()).unwrap();
            let _ = released.lock().unwrap().recv();
            reported.store(true, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    drop(client.send_request("q", "a").into_future());
    begun.recv().await.unwrap();
    let slow = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(release);
    });
    client.flush().await;
    assert!(is_reported.load(Ordering::SeqCst));
    slow.join().unwrap();
}

#[tokio::test]
async fn a_trace_context_that_is_too_long_is_left_out() {
    let server = server();
    let client = client_of(&server);
    let (parent, long) = (
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "a".repeat(513),
    );
    for (queue, given, kept) in [
        ("long-parent", (&long[..129], "a=b"), None),
        ("long-state", (parent, &long[..]), Some((parent, ""))),
        ("fitting", (parent, "a=b"), Some((parent, "a=b"))),
        ("none", ("", ""), None),
    ] {
        let send = client.send_request(queue, "a").trace_context(given.0, given.1);
        send.delay(Duration::ZERO).await.unwrap();
        let (seen, mut traces) = unbounded_channel();
        let worker = client.worker([queue]).run(move |delivery| {
            seen.send(delivery.trace_context().cloned()).unwrap();
            async { Ok::<(), io::Error>(()) }
        });
        let trace = traces.recv().await.unwrap();
        let trace = trace
            .as_ref()
            .map(|trace| (&trace.traceparent[..], &trace.tracestate[..]));
        assert_eq!(trace, kept, "{queue}");
        worker.unwrap().stop().await;
    }
}

#[tokio::test]
async fn a_message_larger_than_the_buffer_is_refused() {
    let coalesce = Coalesce {
        max_pending_bytes: 1_000,
        ..Coalesce::default()
    };
    let client = Client::builder("http://127.0.0.1:1").without_spool();
    let client = client.coalesce(coalesce).build().unwrap();
    let error = client.send_request("q", "a".repeat(1_001)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BufferFull);
    assert!(
        error.to_string().contains("no more than 1000 may be pending")
            && !error.to_string().contains("0 sends"),
        "{error}"
    );
}
