//! Sends of the message that a handler processes.

use crate::log_lines::LogLines;
use crate::timed_out;
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, Delivery, Error, Receipt};
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

/// Returns a fake with one message of one attempt.
async fn fake_with_message() -> (FakeDlq, Client) {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("q", "a").max_retries(1).await.unwrap();
    (fake, client)
}

async fn closed_client(fake: &FakeDlq) -> Client {
    let closed = fake.client().unwrap();
    closed.close().await;
    closed
}

/// Returns the message of the only failure.
async fn failure(fake: &FakeDlq) -> String {
    let [message] = &fake.wait_for("q", FakeState::Quarantined, 1).await[..] else {
        panic!("one message")
    };
    let last = message.failures.last();
    last.map(|failure| failure.message.clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_message_that_a_task_of_its_handler_sent_has_failed() {
    let (fake, client) = fake_with_message().await;
    let sender = client.clone();
    let work = move |delivery: Delivery| {
        let client = sender.clone();
        async move {
            let work = async move {
                let work = async { Err::<(), _>(timed_out()) };
                client.dead_letter("q", delivery.payload(), work).await
            };
            tokio::spawn(work).await.unwrap().map(|_| ())
        }
    };
    let _worker = client.worker(["q"]).run(work).unwrap();
    assert_eq!(failure(&fake).await, "bank is slow");
    assert_eq!(fake.messages("q").len(), 1);
}

#[tokio::test]
async fn what_a_task_sends_after_its_handler_has_ended_is_a_new_message() {
    let (fake, client) = fake_with_message().await;
    let (sender, (ended, is_ended)) = (client.clone(), tokio::sync::watch::channel(false));
    let (report, mut receipts) = tokio::sync::mpsc::unbounded_channel();
    let work = move |delivery: Delivery| {
        let (client, mut is_ended, report) = (sender.clone(), is_ended.clone(), report.clone());
        async move {
            tokio::spawn(async move {
                is_ended.wait_for(|ended| *ended).await.unwrap();
                let sent = client
                    .send("q", delivery.payload(), &timed_out())
                    .delay(Duration::from_secs(60));
                report.send(sent.await.unwrap()).unwrap();
            });
            Ok::<_, Error>(())
        }
    };
    let _worker = client.worker(["q"]).run(work).unwrap();
    fake.wait_for("q", FakeState::Succeeded, 1).await;
    ended.send(true).unwrap();
    assert!(matches!(receipts.recv().await, Some(Receipt::Sent(_))));
    assert_eq!(fake.messages("q").len(), 2);
}

/// A handler that blocks its thread is not dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_released_message_that_its_handler_sends_is_not_doubled() {
    let (fake, client) = fake_with_message().await;
    let (start, mut started) = tokio::sync::mpsc::unbounded_channel();
    let (stop, stopped) = mpsc::channel();
    let stopped = Arc::new(Mutex::new(stopped));
    let (report, mut receipts) = tokio::sync::mpsc::unbounded_channel();
    let sender = client.clone();
    let work = move |delivery: Delivery| {
        let (client, start, report) = (sender.clone(), start.clone(), report.clone());
        let stopped = Arc::clone(&stopped);
        async move {
            start.send(()).unwrap();
            stopped.lock().unwrap().recv().unwrap();
            let receipt = client.send("q", delivery.payload(), &timed_out()).await?;
            report.send(receipt).unwrap();
            Ok::<_, Error>(())
        }
    };
    let worker = client.worker(["q"]).run(work).unwrap();
    started.recv().await.unwrap();
    worker.stop_within(Duration::ZERO).await;
    stop.send(()).unwrap();
    assert!(matches!(receipts.recv().await, Some(Receipt::Delivery { .. })));
    assert_eq!(fake.messages("q").len(), 1);
}

#[tokio::test]
async fn a_delivery_whose_forwarding_is_dropped_has_failed() {
    let (fake, client) = fake_with_message().await;
    let closed = closed_client(&fake).await;
    let forward = move |delivery: Delivery| {
        let closed = closed.clone();
        async move {
            let _ = closed.send("other", delivery.payload(), &timed_out()).await;
            Ok::<_, io::Error>(())
        }
    };
    let _worker = client.worker(["q"]).run(forward).unwrap();
    assert_eq!(failure(&fake).await, "bank is slow");
}

#[tokio::test]
async fn a_delivery_whose_forwarding_is_not_awaited_or_refused_has_failed() {
    for (queue, is_awaited, expected) in [
        ("other", false, "the send was never awaited"),
        ("no/queue", true, "queue"),
    ] {
        let (fake, client) = fake_with_message().await;
        let sender = client.clone();
        let forward = move |delivery: Delivery| {
            let client = sender.clone();
            async move {
                let send = client.send_request(queue, delivery.payload());
                if is_awaited {
                    let _ = send.await;
                } else {
                    drop(send);
                }
                Ok::<_, io::Error>(())
            }
        };
        let _worker = client.worker(["q"]).run(forward).unwrap();
        let message = failure(&fake).await;
        assert!(message.contains(expected), "{message}");
        assert!(fake.messages(queue).is_empty());
    }
}

/// The send continues after its future is dropped.
#[tokio::test]
async fn a_delivery_whose_forwarding_is_dropped_after_a_timeout_of_its_handler_has_failed() {
    let (fake, client) = fake_with_message().await;
    let builder = Client::builder("127.0.0.1:1")
        .without_spool()
        .on_dropped(|_, _| {});
    let away = builder.timeout(Duration::from_millis(300)).build().unwrap();
    let forward = move |delivery: Delivery| {
        let away = away.clone();
        async move {
            let send = away.send("other", delivery.payload(), &timed_out()).into_future();
            let _ = tokio::time::timeout(Duration::ZERO, send).await;
            Ok::<_, io::Error>(())
        }
    };
    let _worker = client.worker(["q"]).run(forward).unwrap();
    assert_eq!(failure(&fake).await, "bank is slow");
}

#[tokio::test]
async fn a_delivery_whose_forwarding_is_kept_at_the_second_try_has_succeeded() {
    let (fake, client) = fake_with_message().await;
    let clients = [closed_client(&fake).await, client.clone()];
    let forward = move |delivery: Delivery| {
        let clients = clients.clone();
        async move {
            for client in clients {
                let _ = client.send("other", delivery.payload(), &timed_out()).await;
            }
            Ok::<_, io::Error>(())
        }
    };
    let _worker = client.worker(["q"]).run(forward).unwrap();
    fake.wait_for("q", FakeState::Succeeded, 1).await;
    assert_eq!(fake.messages("other").len(), 1);
}

#[tokio::test]
async fn a_forwarding_that_is_kept_hides_no_dropped_one_that_began_after_it() {
    let (fake, client) = fake_with_message().await;
    let clients = (client.clone(), closed_client(&fake).await);
    let forward = move |delivery: Delivery| {
        let (open, closed) = clients.clone();
        async move {
            let _ = tokio::join!(
                open.send("kept", delivery.payload(), &timed_out()),
                closed.send("other", delivery.payload(), &timed_out()),
            );
            Ok::<_, io::Error>(())
        }
    };
    let _worker = client.worker(["q"]).run(forward).unwrap();
    assert_eq!(failure(&fake).await, "bank is slow");
}

/// The outcome is decided: nothing else says that the message is lost.
#[tokio::test]
async fn a_forwarding_that_is_dropped_after_the_handler_is_logged_with_its_message() {
    let log = LogLines::default();
    let _logs = tracing::subscriber::set_default(registry().with(log.clone()));
    let (fake, client) = fake_with_message().await;
    let (report, mut deliveries) = tokio::sync::mpsc::unbounded_channel();
    let work = move |delivery: Delivery| {
        report.send(delivery).unwrap();
        async { Ok::<_, Error>(()) }
    };
    let _worker = client.worker(["q"]).run(work).unwrap();
    let delivery = deliveries.recv().await.unwrap();
    fake.wait_for("q", FakeState::Succeeded, 1).await;
    let closed = closed_client(&fake).await;
    let send = closed.send("other", delivery.payload(), &timed_out());
    send.await.unwrap_err();
    let lines = log.with("was dropped after the end of its handler");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let message = format!("message {} of queue \"q\" to queue \"other\"", delivery.id());
    assert!(lines[0].1.contains(&message), "{lines:?}");
}

#[tokio::test]
async fn a_delivery_that_is_forwarded_has_succeeded() {
    let (fake, client) = fake_with_message().await;
    let sender = client.clone();
    let forward = move |delivery: Delivery| {
        let client = sender.clone();
        async move {
            client
                .send("other", delivery.payload(), &timed_out())
                .await
                .map(|_| ())
        }
    };
    let _worker = client.worker(["q"]).run(forward).unwrap();
    fake.wait_for("q", FakeState::Succeeded, 1).await;
    assert_eq!(fake.messages("other").len(), 1);
}
