//! Works on what is due, until Ctrl-C.

use dlq_client::{Client, Delivery, Error};

async fn handle(delivery: Delivery) -> Result<(), serde_json::Error> {
    let order: serde_json::Value = delivery.payload().json()?;
    println!("attempt {} {order}", delivery.attempt());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://localhost:50051").build()?;
    let _worker = client.worker(["orders"]).run(handle)?;
    tokio::signal::ctrl_c().await.expect("signals can be heard");
    client.close().await;
    Ok(())
}
