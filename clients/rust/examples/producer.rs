//! Sends a message that could not be processed.

// [producer]
use dlq_client::{Client, Error, Json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://localhost:50051").build()?;
    let order = Json(serde_json::json!({ "id": 17, "amount": 100 }));
    if let Err(error) = charge() {
        let receipt = client.send("orders", order, &error).await?;
        println!("{receipt:?}");
    }
    client.close().await;
    Ok(())
}
// [/producer]

/// Your own code.
fn charge() -> std::io::Result<()> {
    Err(std::io::Error::new(
        std::io::ErrorKind::TimedOut,
        "bank.example did not answer",
    ))
}
