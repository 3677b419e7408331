//! Runs the cases and prints each failure as a Rust program would usually report it.

mod databases;
mod failing;
mod json;
mod language;
mod parsers;
mod peers;
mod services;
mod web;

use failing::{Failing, Failure};
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let only = std::env::var("GOLDEN_ONLY").unwrap_or_default();
    let tables = [
        language::cases(),
        json::cases(),
        parsers::cases(),
        web::cases(),
        databases::cases(),
        services::cases(),
    ];
    for failing in tables.into_iter().flatten() {
        if failing.name.contains(&only) {
            report(failing).await;
        }
    }
    std::process::exit(0);
}

async fn report(failing: Failing) {
    let Failing {
        name,
        library,
        reason,
        act,
    } = failing;
    match tokio::time::timeout(LIMIT, act).await {
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
    let mut entry = json!({
        "library": versioned(library), "type": failure.kind, "message": message, "reason": reason,
    });
    if let Some(code) = failure.grpc_code {
        entry["grpc_code"] = json!(code);
    }
    if let Some(status) = failure.http_status {
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
