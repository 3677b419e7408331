//! Handlers that a stopping worker cancels.

use dlq_client::Delivery;
use dlq_client::testing::{FakeDlq, FakeState};
use std::io;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::block_in_place;

/// It blocks its thread, is not dropped, and gives up its work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_of_a_cancelled_handler_that_returns_nothing_is_released() {
    let fake = FakeDlq::new();
    let client = fake.client().unwrap();
    client.send_request("q", "a").await.unwrap();
    let (start, mut started) = mpsc::unbounded_channel();
    let work = move |delivery: Delivery| {
        let start = start.clone();
        async move {
            start.send(()).unwrap();
            block_in_place(|| Handle::current().block_on(delivery.cancelled()));
            Ok::<(), io::Error>(())
        }
    };
    let worker = client.worker(["q"]).run(work).unwrap();
    started.recv().await.unwrap();
    worker.stop_within(Duration::ZERO).await;
    assert_eq!(fake.messages("q")[0].state, FakeState::Scheduled);
}
