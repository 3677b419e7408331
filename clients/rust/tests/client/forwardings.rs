//! Sends of deliveries to other queues.

use crate::timed_out;
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, NonRetryable};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Returns a client whose sends are dropped after a time.
fn dropping_client(timeout: Duration) -> Client {
    let builder = Client::builder("127.0.0.1:1").without_spool();
    let builder = builder.timeout(timeout).on_dropped(|_, _| {});
    builder.build().unwrap()
}

/// A task of the handler sends the first delivery while the worker waits for the send of the second one.
#[tokio::test]
async fn a_batch_waits_for_a_forwarding_that_begins_while_it_waits_for_another_one() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for payload in ["a", "b"] {
        let send = client.send_request("q", payload);
        send.max_retries(1).await.unwrap();
    }
    let worker = client.worker(["q"]).run_batches(|batch| async move {
        let [sooner, later] = [300, 600].map(|ms| dropping_client(Duration::from_millis(ms)));
        let second = sooner.send("other", batch[1].payload(), &timed_out());
        drop(second.into_future());
        let (end, has_ended) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let _ = has_ended.await;
            later.send("other", batch[0].payload(), &timed_out()).await
        });
        drop(end); // in this thread, the task runs after the handler
        Ok::<(), io::Error>(())
    });
    let _worker = worker.unwrap();
    fake.wait_for("q", FakeState::Quarantined, 2).await;
}

#[tokio::test]
async fn a_delivery_of_a_stream_whose_forwarding_is_dropped_has_failed() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client.send_request("q", "a");
    send.max_retries(1).await.unwrap();
    let mut deliveries = client.worker(["q"]).stream().unwrap();
    let held = deliveries.next().await.unwrap();
    let dropping = dropping_client(Duration::from_millis(10));
    let send = dropping.send("other", held.payload(), &timed_out());
    send.await.unwrap_err();
    held.succeed();
    let failed = fake.wait_for("q", FakeState::Quarantined, 1).await;
    let failure = failed[0].failures.last().unwrap();
    assert_eq!(failure.message, "bank is slow");
}

#[tokio::test]
async fn a_handler_that_fails_after_a_dropped_forwarding_has_its_own_failure() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("q", "a").await.unwrap();
    let worker = client.worker(["q"]).run(|delivery| async move {
        let dropping = dropping_client(Duration::from_millis(10));
        let _ = dropping.send("other", delivery.payload(), &timed_out()).await;
        Err::<(), _>(NonRetryable::new(io::Error::other("no such order")))
    });
    let _worker = worker.unwrap();
    let failed = fake.wait_for("q", FakeState::Quarantined, 1).await;
    assert_eq!(failed[0].attempts, 1);
    let failure = failed[0].failures.last().unwrap();
    assert_eq!(failure.message, "no such order");
}

/// One handler may send what several have collected, also a copy of a payload that equals its own.
#[tokio::test]
async fn a_forwarding_by_another_handler_fails_its_delivery_only() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for id in ["1", "2"] {
        let send = client.send_request("q", "a").source_id(id);
        send.max_retries(1).await.unwrap();
    }
    let (collect, collected) = mpsc::unbounded_channel();
    let collected = Arc::new(Mutex::new(collected));
    let worker = client.worker(["q"]).run(move |delivery| {
        let (collect, collected) = (collect.clone(), Arc::clone(&collected));
        async move {
            if delivery.source_id() == "1" {
                let (sent, is_sent) = oneshot::channel::<()>();
                collect.send((delivery.payload().clone(), sent)).unwrap();
                let _ = is_sent.await;
            } else {
                let (payload, _sent) = collected.lock().await.recv().await.unwrap();
                let dropping = dropping_client(Duration::from_millis(10));
                let _ = dropping.send("other", payload, &timed_out()).await;
            }
            Ok::<(), io::Error>(())
        }
    });
    let _worker = worker.unwrap();
    let failed = fake.wait_for("q", FakeState::Quarantined, 1).await;
    assert_eq!(failed[0].request.source_id, "1");
    fake.wait_for("q", FakeState::Succeeded, 1).await;
}
