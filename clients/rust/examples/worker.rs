//! Processes due messages until Ctrl-C or SIGTERM.

// [worker]
use dlq_client::{BoxError, Client, Delivery, Error};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut terminated = signal(SignalKind::terminate())?;
    let client = Client::builder("http://localhost:50051").build()?;
    let worker = client.worker(["orders"]).run(handle)?;
    tokio::select! {
        stopped = worker.done() => stopped?, // the server refused the worker
        _ = ctrl_c() => worker.stop().await,
        _ = terminated.recv() => worker.stop().await,
    }
    Ok(())
}

async fn handle(delivery: Delivery) -> Result<(), Error> {
    println!("attempt {} {}", delivery.attempt(), delivery.payload().text());
    Ok(())
}
// [/worker]
