//! Provokes each failure, and prints what the client makes of it.

mod charge;
mod draw;
mod orders;
mod shipping;
mod store;

use serde_json::{Value, json};

fn main() {
    let values = draw::Draw::read();
    // Outside of the runtime, since some clients block.
    let parts = [
        ("charge", charge::cases(&values)),
        ("orders", orders::cases(&values)),
        ("store", store::cases(&values)),
        ("shipping", shipping::cases(&values)),
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for (part, cases) in parts {
            for (name, send) in cases {
                print(&format!("{part}/{name}"), send).await;
            }
        }
    });
    std::process::exit(0);
}

async fn print(case: &str, send: draw::Sender) {
    let fake = dlq_client::testing::FakeDlq::new();
    let client = fake.client().unwrap();
    send(&client).await.unwrap();
    let sent = fake.messages("orders").remove(0).failures.remove(0);
    let mut failure = json!({
        "type": sent.r#type, "message": sent.message, "stackTrace": sent.stack_trace,
        "attributes": sent.attributes,
    });
    if let Some(code) = sent.grpc_code {
        failure["grpcCode"] = json!(code);
    }
    if let Some(status) = sent.http_status {
        failure["httpStatus"] = json!(status);
    }
    println!("{}", Value::from(serde_json::Map::from_iter([("case".to_owned(), json!(case)), ("failure".to_owned(), failure)])));
}
