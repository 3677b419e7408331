//! Runs the commands on standard input concurrently.

use crate::session::Session;
use crate::write_line;
use serde_json::{Value, json};
use std::future::poll_fn;
use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::mpsc;

/// Returns the lines of standard input. The process exits when it ends.
pub fn lines() -> mpsc::UnboundedReceiver<String> {
    let (lines, read) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            lines.send(line).expect("commands are read");
        }
        std::process::exit(0);
    });
    read
}

pub async fn serve() {
    let mut lines = lines();
    let session = Arc::new(Session::default());
    while let Some(line) = lines.recv().await {
        let session = Arc::clone(&session);
        let mut work = Box::pin(async move { reply(&session, &line).await });
        // Commands run concurrently and begin in order.
        if !poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            tokio::spawn(work);
        }
    }
}

async fn reply(session: &Session, line: &str) {
    let mut command: Value = serde_json::from_str(line).expect("a line is JSON");
    let (id, op) = (command["id"].take(), command["op"].take());
    match session.run(op.as_str().unwrap_or_default(), &command).await {
        Ok(result) => write_line(&json!({ "id": id, "result": result })),
        Err(error) => write_line(&json!({ "id": id, "error": error.to_string() })),
    }
}
