//! The worker of the README, with a handler that takes a second.

use dlq_client::{BoxError, Client, Delivery, Error};
use std::time::Duration;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

pub async fn run(target: String, queue: String) -> Result<(), BoxError> {
    let mut terminated = signal(SignalKind::terminate())?;
    let client = Client::builder(target).build()?;
    let worker = client.worker([queue]).run(handle)?;
    tokio::select! {
        stopped = worker.done() => stopped?, // the server refused the worker
        _ = ctrl_c() => worker.stop().await,
        _ = terminated.recv() => worker.stop().await,
    }
    Ok(())
}

async fn handle(_: Delivery) -> Result<(), Error> {
    println!("handling");
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("handled");
    Ok(())
}
