//! Closing a client while a callback for a sent message runs.

use dlq_client::testing::FakeDlq;
use dlq_client::{Client, ErrorKind, Receipt};
use std::future::pending;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep};

/// Builds a client whose callback runs with it, and returns when the callback runs.
async fn in_callback<F>(callback: impl Fn(Client) -> F + Send + Sync + 'static) -> Client
where
    F: Future<Output = ()> + Send + 'static,
{
    let fake = FakeDlq::new();
    let (cell, (start, mut started)) = (Arc::new(OnceLock::<Client>::new()), unbounded_channel());
    let shared = Arc::clone(&cell);
    let builder = fake.builder().on_quarantined(move |_| {
        start.send(()).unwrap();
        callback(shared.get().unwrap().clone())
    });
    let client = cell.get_or_init(|| builder.build().unwrap());
    client.send_request("q", "a").max_retries(0).await.unwrap();
    started.recv().await.unwrap();
    client.clone()
}

#[tokio::test(start_paused = true)]
async fn a_close_waits_for_the_callback_which_may_send() {
    let (report, mut results) = unbounded_channel();
    let client = in_callback(move |client| {
        let report = report.clone();
        async move {
            sleep(Duration::from_secs(4)).await;
            report.send(client.send_request("q", "b").await).unwrap();
        }
    });
    client.await.close().await;
    let result = results.try_recv().unwrap();
    assert!(matches!(result, Ok(Receipt::Sent(_))), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn a_close_waits_for_5_s_at_most() {
    let client = in_callback(|_| pending()).await;
    let began_at = Instant::now();
    client.close().await;
    assert_eq!(began_at.elapsed().as_secs(), 5);
    let client = in_callback(|_| pending()).await;
    let began_at = Instant::now();
    client.close_within(Duration::from_secs(1)).await;
    assert_eq!(began_at.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_close_in_a_callback_ends() {
    let (report, mut ended) = unbounded_channel();
    let client = in_callback(move |client| {
        let report = report.clone();
        async move {
            let began_at = Instant::now();
            client.close().await;
            report.send(began_at.elapsed()).unwrap();
        }
    });
    let client = client.await;
    assert_eq!(ended.recv().await.unwrap().as_secs(), 0);
    let late = client.send_request("q", "b").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Closed);
}
