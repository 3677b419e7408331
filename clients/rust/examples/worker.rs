//! Processes due messages until Ctrl-C.

// [worker]
use dlq_client::{Client, Delivery, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://localhost:50051").build()?;
    let worker = client.worker(["orders"]).run(handle)?;
    tokio::select! {
        stopped = worker.done() => stopped?, // the server refused the worker
        _ = tokio::signal::ctrl_c() => worker.stop().await,
    }
    Ok(())
}

async fn handle(delivery: Delivery) -> Result<(), Error> {
    println!("attempt {} {}", delivery.attempt(), delivery.payload().text());
    Ok(())
}
// [/worker]
