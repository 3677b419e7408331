//! Sends what could not be processed, where its error is handled.

// [producer]
use dlq_client::{Client, Error, Json};
use std::io;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://localhost:50051")
        .service("shop")
        .build()?;
    let order = Json(serde_json::json!({ "id": 17, "amount": 100 }));
    if let Err(error) = charge() {
        let receipt = client.send("orders", order, &error).source_id("order-17").await?;
        println!("{receipt:?}");
    }
    client.close().await;
    Ok(())
}
// [/producer]

/// Of your own code.
fn charge() -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        "bank.example did not answer",
    ))
}
