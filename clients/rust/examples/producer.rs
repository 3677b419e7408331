//! Sends a message that could not be processed.

use dlq_client::{Client, Error, Json};
use serde_json::json;
use std::io;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://localhost:50051")
        .service("shop")
        .build()?;
    let order = json!({ "id": "order-42", "amount": 100 });
    let error = io::Error::new(io::ErrorKind::TimedOut, "shop.example did not answer"); // of your own code
    let receipt = client
        .send("orders", Json(&order), &error)
        .source_id("order-42")
        .delay(Duration::from_secs(1))
        .await?;
    println!("{receipt:?}");
    client.close().await;
    Ok(())
}
