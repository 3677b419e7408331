//! Batch handlers.

use crate::{client_of, server, timed_out};
use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{BoxError, Delivery, ErrorKind, IntoOutcomes, Outcome, OutcomeKind, Settled};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// What a worker reported.
struct Worked {
    /// By payload.
    settled: BTreeMap<String, Settled>,
    errors: Vec<(ErrorKind, String, String)>,
    sizes: Vec<usize>,
}

impl Worked {
    fn outcomes(&self) -> Vec<(&str, &str)> {
        let each = self.settled.iter();
        each.map(|(payload, settled)| (payload.as_str(), settled.outcome.as_str()))
            .collect()
    }

    fn all_are(&self, outcome: OutcomeKind) -> bool {
        self.settled.values().all(|settled| settled.outcome == outcome)
    }
}

/// Works on messages until each is settled.
async fn worked<R: IntoOutcomes + Send + 'static>(
    payloads: &[&str],
    size: u32,
    handle: impl Fn(&[Delivery]) -> Result<R, BoxError> + Send + Sync + 'static,
) -> Worked {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for &payload in payloads {
        let send = client.send("batches", payload, &timed_out());
        send.max_retries(1).await.unwrap();
    }
    let (report, mut settled) = mpsc::unbounded_channel();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let (reported, seen) = (Arc::clone(&errors), Arc::clone(&sizes));
    let worker = client
        .worker(["batches"])
        .batch_size(size)
        .on_error(move |error, _| {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            reported
                .lock()
                .unwrap()
                .push((error.kind(), error.to_string(), cause));
        })
        .on_settled(move |delivery, settled| {
            let payload = delivery.payload().text().into_owned();
            report.send((payload, settled.clone())).unwrap();
        })
        .run_batches(move |batch| {
            seen.lock().unwrap().push(batch.len());
            let result = handle(&batch);
            async move { result }
        })
        .unwrap();
    let mut all = BTreeMap::new();
    while all.len() < payloads.len() {
        all.extend(settled.recv().await);
    }
    worker.stop().await;
    Worked {
        settled: all,
        errors: std::mem::take(&mut errors.lock().unwrap()),
        sizes: std::mem::take(&mut sizes.lock().unwrap()),
    }
}

#[tokio::test]
async fn a_batch_has_what_waits_up_to_its_size() {
    let worked = worked(&["a", "b", "c", "d", "e", "f", "g"], 3, |_| Ok(())).await;
    assert!(worked.all_are(OutcomeKind::Succeeded));
    assert_eq!(worked.sizes[..2], [3, 3], "{:?}", worked.sizes);
    assert_eq!(worked.sizes.iter().sum::<usize>(), 7);
}

#[tokio::test]
async fn its_result_is_that_of_all_or_of_each() {
    let each = worked(&["a", "b", "c"], 100, |batch| {
        let decide = |delivery: &Delivery| match delivery.payload().text().as_ref() {
            "b" => Some(Outcome::quarantined("b")),
            "c" => Some(Outcome::failed(&timed_out())),
            _ => None,
        };
        Ok(batch.iter().map(decide).collect::<Vec<_>>())
    });
    let each = each.await;
    let outcomes = [("a", "succeeded"), ("b", "quarantined"), ("c", "failed")];
    assert_eq!(each.outcomes(), outcomes);
    assert_eq!(each.errors, []);
    let all = worked(&["a", "b"], 100, |_| Ok(Outcome::quarantined("all"))).await;
    assert!(all.all_are(OutcomeKind::Quarantined));
}

/// A list of its own could be sorted, and the outcomes would be those of other messages.
#[tokio::test]
async fn a_handler_gets_a_slice_that_it_cannot_reorder() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("batches", "a").await.unwrap();
    let worker = client.worker(["batches"]);
    let worker = worker.run_batches(|batch: Arc<[Delivery]>| async move {
        let texts: Vec<_> = batch.iter().map(|delivery| delivery.payload().text()).collect();
        assert_eq!(texts, ["a"]);
        Ok::<(), io::Error>(())
    });
    let _worker = worker.unwrap();
    fake.wait_for("batches", FakeState::Succeeded, 1).await;
}

#[tokio::test]
async fn an_error_or_a_panic_fails_all_and_is_reported_once() {
    let failed = worked(&["a", "b", "c", "d", "e"], 100, |_| {
        Err::<(), _>(timed_out().into())
    })
    .await;
    assert!(failed.all_are(OutcomeKind::Failed));
    for settled in failed.settled.values() {
        assert_eq!(settled.failure.as_ref().unwrap().message, "bank is slow");
    }
    let [(kind, text, cause)] = &failed.errors[..] else {
        panic!("{:?}", failed.errors)
    };
    assert_eq!(
        (*kind, cause.as_str()),
        (ErrorKind::HandlerFailed, "bank is slow")
    );
    assert!(text.starts_with("the handler failed: message "), "{text}");
    assert_eq!(
        text.matches("of queue \"batches\", attempt 1").count(),
        3,
        "{text}"
    );
    assert!(text.ends_with("; 2 more"), "{text}");
    let panicked = worked(&["a", "b"], 100, |_| -> Result<(), _> { panic!("no stock") }).await;
    assert!(panicked.all_are(OutcomeKind::Failed));
    assert_eq!(panicked.errors.len(), 1);
}

#[tokio::test]
async fn a_list_of_another_length_fails_all() {
    let failed = worked(&["a", "b"], 100, |_| Ok(vec![Outcome::succeeded()])).await;
    assert!(failed.all_are(OutcomeKind::Failed));
    let [(_, _, cause)] = &failed.errors[..] else {
        panic!("{:?}", failed.errors)
    };
    assert_eq!(cause, "the handler returned 1 outcomes for 2 deliveries");
}

#[tokio::test]
async fn a_send_of_one_of_its_messages_fails_that_delivery_only() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for id in ["one", "two"] {
        let send = client.send_request("batches", "x").source_id(id);
        send.max_retries(1).await.unwrap();
    }
    let sender = client.clone();
    let worker = client.worker(["batches"]).run_batches(move |_| {
        let client = sender.clone();
        async move {
            let send = client.send("batches", "x", &timed_out());
            send.source_id("two").await.map(drop)
        }
    });
    let _worker = worker.unwrap();
    let failed = fake.wait_for("batches", FakeState::Quarantined, 1).await;
    assert_eq!(failed[0].request.source_id, "two");
    let succeeded = fake.wait_for("batches", FakeState::Succeeded, 1).await;
    assert_eq!(succeeded[0].request.source_id, "one");
    assert_eq!(fake.messages("batches").len(), 2);
}

#[tokio::test]
async fn a_message_that_a_client_of_the_service_sent_has_failed_whatever_is_returned_as_success() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    let send = client.send_request("batches", "x");
    send.max_retries(1).await.unwrap();
    let other = fake.client().unwrap();
    let worker = client.worker(["batches"]).run_batches(move |_| {
        let other = other.clone();
        async move {
            other.send("batches", "x", &timed_out()).await?;
            Ok::<_, dlq_client::Error>(vec![Outcome::succeeded()])
        }
    });
    let _worker = worker.unwrap();
    fake.wait_for("batches", FakeState::Quarantined, 1).await;
    assert_eq!(fake.messages("batches").len(), 1);
}

#[tokio::test]
async fn the_sends_of_equal_messages_fail_each_of_them() {
    let server = server();
    let client = client_of(&server);
    for _ in 0..3 {
        let send = client.send_request("equal-batches", "same");
        let send = send.timeout(Duration::from_secs(60));
        send.delay(Duration::ZERO).max_retries(1).await.unwrap();
    }
    let (report, mut settled) = mpsc::unbounded_channel();
    let sender = client.clone();
    let worker = client
        .worker(["equal-batches"])
        .on_settled(move |_, settled| report.send(settled.outcome).unwrap())
        .run_batches(move |batch| {
            let client = sender.clone();
            async move {
                for delivery in batch.iter() {
                    client
                        .send("equal-batches", delivery.payload(), &timed_out())
                        .await?;
                }
                Ok::<(), dlq_client::Error>(())
            }
        })
        .unwrap();
    for _ in 0..3 {
        assert_eq!(settled.recv().await, Some(OutcomeKind::Failed));
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_stopping_worker_drops_it_and_releases_all() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for payload in ["a", "b"] {
        client.send_request("batches", payload).await.unwrap();
    }
    let (start, mut started) = mpsc::unbounded_channel();
    let worker = client.worker(["batches"]).on_error(|error, _| panic!("{error}"));
    let worker = worker.run_batches(move |batch| {
        start.send(batch.len()).unwrap();
        pending::<Result<(), io::Error>>()
    });
    let worker = worker.unwrap();
    assert_eq!(started.recv().await, Some(2));
    worker.stop_within(Duration::ZERO).await;
    let released = fake.wait_for("batches", FakeState::Scheduled, 2).await;
    assert!(released.iter().all(|message| message.attempts == 0));
}

#[tokio::test]
async fn invalid_sizes_are_refused() {
    let client = FakeDlq::new().client().unwrap();
    let worker = || client.worker(["batches"]);
    let refused = [
        worker()
            .batch_size(2)
            .run(|_| async { Ok::<(), io::Error>(()) })
            .err(),
        worker().batch_size(2).stream().err(),
        worker()
            .batch_size(0)
            .run_batches(|_| async { Ok::<(), io::Error>(()) })
            .err(),
        worker()
            .batch_size(1_001)
            .run_batches(|_| async { Ok::<(), io::Error>(()) })
            .err(),
    ];
    let texts = refused.map(|error| error.map(|error| (error.kind(), error.to_string())));
    let invalid = |text: &str| Some((ErrorKind::Invalid, text.to_owned()));
    assert_eq!(
        texts,
        [
            invalid("batch_size is for run_batches"),
            invalid("batch_size is for run_batches"),
            invalid("batch_size is 0; give 1 to 1000"),
            invalid("batch_size is 1001; give 1 to 1000"),
        ]
    );
}
