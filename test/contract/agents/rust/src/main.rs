//! The agent of the Rust client plays the scenarios of all clients, the actors of the fault suite, and the load
//! of the bench. Without an argument it reads commands, one JSON object a line, and replies in the same form.

mod calls;
mod commands;
mod faults;
mod given_error;
mod golden;
mod handlers;
mod json_values;
mod load;
mod options;
mod session;
mod slow_worker;

use dlq_client::BoxError;
use serde_json::Value;
use std::io::{Write, stdout};

/// Writes a line of JSON to standard output.
pub fn write_line(message: &Value) {
    let mut out = stdout().lock();
    writeln!(out, "{message}")
        .and_then(|()| out.flush())
        .expect("standard output is open");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut args = pico_args::Arguments::from_env();
    match args.subcommand()?.as_deref() {
        None => commands::serve().await,
        Some("producer") => faults::produce(args).await?,
        Some("worker") => faults::work(args).await?,
        Some("slow-worker") => slow_worker::run(args.free_from_str()?, args.free_from_str()?).await?,
        Some("load") => load::serve(&args.free_from_str::<String>()?).await?,
        Some(other) => return Err(format!("unknown argument: {other}").into()),
    }
    Ok(())
}
