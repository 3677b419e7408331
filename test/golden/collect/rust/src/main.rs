//! Runs the cases and prints each failure as a Rust program would usually report it.

mod blind;
mod blind_2;
mod databases;
mod failing;
mod held_out;
mod json;
mod language;
mod parsers;
mod peers;
mod services;
mod web;

use failing::{Failing, Failure};
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let only = std::env::var("GOLDEN_ONLY").unwrap_or_default();
    let set = std::env::var("GOLDEN_SET").unwrap_or_default();
    let is_blind = set != "golden";
    let tables = match set.as_str() {
        "blind" => vec![blind::cases(), blind_2::cases()],
        "held-out" => vec![held_out::cases()],
        _ => vec![
            language::cases(),
            json::cases(),
            parsers::cases(),
            web::cases(),
            databases::cases(),
            services::cases(),
        ],
    };
    for failing in tables.into_iter().flatten() {
        if failing.name.contains(&only) {
            report(failing, is_blind).await;
        }
    }
    std::process::exit(0);
}

async fn report(failing: Failing, is_blind: bool) {
    let Failing {
        name,
        library,
        reason,
        act,
    } = failing;
    match tokio::time::timeout(LIMIT, act).await {
        Ok(Err(failure)) if is_blind => {
            let fake = dlq_client::testing::FakeDlq::new();
            let client = fake.client().unwrap();
            (failure.send)(&client).await.unwrap();
            let sent = fake.messages("golden").remove(0).failures.remove(0);
            let entry = json!({
                "library": versioned(library), "type": sent.r#type, "message": sent.message,
                "reason": reason,
            });
            print(&name, entry, sent.grpc_code, None);
        }
        Ok(Err(failure)) => {
            write(&name, library, reason, &failure, &failure.message);
            // Half of the programs log with {:?}.
            if failure.debug != failure.message {
                let name = format!("{name}, as Debug");
                write(&name, library, reason, &failure, &failure.debug);
            }
        }
        _ => eprintln!("{name}: nothing failed"),
    }
}

fn write(name: &str, library: &str, reason: &str, failure: &Failure, message: &str) {
    let entry = json!({
        "library": versioned(library), "type": failure.kind, "message": message, "reason": reason,
    });
    print(name, entry, failure.grpc_code, failure.http_status);
}

fn print(name: &str, mut entry: Value, grpc_code: Option<i32>, http_status: Option<u16>) {
    if let Some(code) = grpc_code {
        entry["grpc_code"] = json!(code);
    }
    if let Some(status) = http_status {
        entry["http_status"] = json!(status);
    }
    // The name comes first, because it identifies the failure.
    println!("{{\"name\":{},{}", json!(name), &entry.to_string()[1..]);
}

fn versioned(library: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let entry = format!("name = \"{library}\"\nversion = \"");
    match lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"')) {
        Some((version, _)) => format!("{library} {version}"),
        None => library.to_string(),
    }
}
