//! The agent of the Rust client: one program for all that the tests of all clients have it do. Without
//! an argument it does what lines of JSON on its input say, and answers in such.

mod calls;
mod commands;
mod faults;
mod given_error;
mod golden;
mod handlers;
mod load;
mod options;
mod session;
mod words;

use dlq_client::BoxError;
use serde_json::Value;
use std::io::{Write, stdout};

/// A line on standard output, from any thread.
pub fn tell(message: &Value) {
    let mut out = stdout().lock();
    writeln!(out, "{message}")
        .and_then(|()| out.flush())
        .expect("somebody reads");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut args = pico_args::Arguments::from_env();
    match args.subcommand()?.as_deref() {
        None => commands::serve().await,
        Some("producer") => faults::produce(args).await?,
        Some("worker") => faults::work(args).await?,
        Some("load") => load::serve(&args.free_from_str::<String>()?).await?,
        Some(other) => return Err(format!("this agent plays no {other}").into()),
    }
    Ok(())
}
