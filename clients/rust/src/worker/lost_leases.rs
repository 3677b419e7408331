//! Lost leases of a batch.

use crate::testing::{FakeDlq, FakeState};
use crate::v1::{self, AckRequest};
use crate::worker::delivery::Delivery;
use crate::worker::outcome::Outcome;
use crate::{Client, ErrorKind};
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

/// Ends leases, as an expiry would.
async fn lose(client: &Client, deliveries: &[Delivery]) {
    let outcomes = deliveries.iter().map(|delivery| {
        let delay = Duration::from_secs(24 * 3_600);
        Outcome::released_for(delay).into_wire(delivery.0.token.clone())
    });
    let request = AckRequest {
        request_id: "lost".to_owned(),
        outcomes: outcomes.collect::<Vec<v1::Outcome>>(),
    };
    client.stubs().ack(request).await.unwrap();
}

async fn fake_with(payloads: &[&str]) -> (FakeDlq, Client) {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    for &payload in payloads {
        client.send_request("batches", payload).await.unwrap();
    }
    (fake, client)
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_in_a_batch_concerns_its_delivery_only() {
    let (fake, client) = fake_with(&["a", "b"]).await;
    let operator = client.clone();
    let (report, mut settled) = mpsc::unbounded_channel();
    let worker = client
        .worker(["batches"])
        .on_error(|error, _| assert_eq!(error.kind(), ErrorKind::LeaseLost))
        .on_settled(move |delivery, _| report.send(delivery.payload().text().into_owned()).unwrap());
    let worker = worker.run_batches(move |batch| {
        let operator = operator.clone();
        async move {
            lose(&operator, &batch[..1]).await;
            batch[0].cancelled().await;
            assert!(!batch[1].is_cancelled());
            Ok::<(), io::Error>(())
        }
    });
    let worker = worker.unwrap();
    assert_eq!(settled.recv().await.as_deref(), Some("b"));
    worker.stop().await;
    assert!(settled.try_recv().is_err());
    let states = fake.messages("batches").into_iter().map(|message| message.state);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [FakeState::Scheduled, FakeState::Succeeded]
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_handler_is_dropped_when_all_leases_are_lost() {
    let (fake, client) = fake_with(&["a", "b"]).await;
    let operator = client.clone();
    let (report, mut errors) = mpsc::unbounded_channel();
    let (ended, mut end) = mpsc::channel::<()>(1);
    let worker = client
        .worker(["batches"])
        .on_error(move |error, _| report.send(error.kind()).unwrap())
        .run_batches(move |batch| {
            let (operator, ended) = (operator.clone(), ended.clone());
            async move {
                let _ended = ended;
                lose(&operator, &batch).await;
                pending::<Result<(), io::Error>>().await
            }
        });
    let worker = worker.unwrap();
    for _ in 0..2 {
        assert_eq!(errors.recv().await, Some(ErrorKind::LeaseLost));
    }
    worker.stop_within(Duration::ZERO).await;
    assert!(errors.try_recv().is_err());
    drop(worker);
    assert_eq!(end.recv().await, None);
    fake.wait_for("batches", FakeState::Scheduled, 2).await;
}
