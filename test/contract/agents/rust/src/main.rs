//! The agent of the Rust client: does what lines of JSON on its input say, and answers in such.

mod calls;
mod given_error;
mod handlers;
mod options;
mod session;
mod words;

use serde_json::{Value, json};
use session::Session;
use std::future::{Future, poll_fn};
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::mpsc;

/// A line on standard output, from any thread.
pub fn tell(message: &Value) {
    let mut out = stdout().lock();
    writeln!(out, "{message}")
        .and_then(|()| out.flush())
        .expect("somebody reads");
}

#[tokio::main]
async fn main() {
    let (lines, mut read) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            lines.send(line).expect("somebody works");
        }
        // Whatever still runs: its input has ended.
        std::process::exit(0);
    });
    let session = Arc::new(Session::default());
    while let Some(line) = read.recv().await {
        let session = Arc::clone(&session);
        let mut work = Box::pin(async move { answer(&session, &line).await });
        // Commands run side by side, and begin in their order.
        if !poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            tokio::spawn(work);
        }
    }
}

async fn answer(session: &Session, line: &str) {
    let mut command: Value = serde_json::from_str(line).expect("a line is JSON");
    let (id, op) = (command["id"].take(), command["op"].take());
    match session.run(op.as_str().unwrap_or_default(), &command).await {
        Ok(result) => tell(&json!({ "id": id, "result": result })),
        Err(error) => tell(&json!({ "id": id, "error": error.to_string() })),
    }
}
