//! A worker whose handler does nothing, to measure the rest.

use super::command::Command;
use super::tally::Tally;
use dlq_client::{BoxError, Client, Delivery, Error};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Runs until `stop`.
pub async fn consume(
    client: &Client,
    command: &Command,
    tally: &Arc<Tally>,
    stop: &CancellationToken,
) -> Result<(), BoxError> {
    let tally = Arc::clone(tally);
    let worker = client
        .worker(command.queue_names())
        .concurrency(command.concurrency())
        .on_settled(move |_, _| tally.add(None))
        .run(|_: Delivery| async { Ok::<(), Error>(()) })?;
    stop.cancelled().await;
    worker.stop().await;
    Ok(())
}
