//! The load of the bench, for the commands of test/bench/load/commands.ts.

mod command;
mod consume;
mod send;
mod tally;

use crate::commands::lines;
use crate::write_line;
use command::Command;
use dlq_client::v1::StatsRequest;
use dlq_client::{BoxError, Client};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tokio_util::sync::CancellationToken;

/// How often a running command reports its progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(10);

/// Runs one command at a time until the bench ends.
pub async fn serve(address: &str) -> Result<(), BoxError> {
    let client = Client::builder(format!("http://{address}"))
        .without_spool()
        .timeout(Duration::from_secs(60))
        .build()?;
    let mut lines = lines();
    let mut stop = CancellationToken::new();
    while let Some(line) = lines.recv().await {
        let command: Command = serde_json::from_str(&line)?;
        if command.op == "stop" {
            stop.cancel();
            continue;
        }
        stop = CancellationToken::new();
        tokio::spawn(run(client.clone(), command, stop.clone()));
    }
    Ok(())
}

async fn run(client: Client, command: Command, stop: CancellationToken) {
    let tally = Arc::new(Tally::default());
    let progress_tally = Arc::clone(&tally);
    let progress = async {
        let mut count = 0;
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            if progress_tally.count() != count {
                count = progress_tally.count();
                write_line(&json!({ "progress": count }));
            }
        }
    };
    // No progress after the result.
    let result = tokio::select! {
        result = act(&client, &command, &tally, &stop) => result,
        () = progress => unreachable!("progress does not end"),
    };
    match result {
        Ok(result) => write_line(&json!({ "result": result })),
        Err(error) => write_line(&json!({ "error": error.to_string() })),
    }
}

async fn act(
    client: &Client,
    command: &Command,
    tally: &Arc<Tally>,
    stop: &CancellationToken,
) -> Result<Value, BoxError> {
    match command.op.as_str() {
        "send" => send::send(client, command, tally).await?,
        "consume" => consume::consume(client, command, tally, stop).await?,
        "left" => return left(client, command).await,
        other => return Err(format!("unknown command: {other}").into()),
    }
    Ok(tally.result())
}

/// Returns how many messages of the queues are due or in flight.
async fn left(client: &Client, command: &Command) -> Result<Value, BoxError> {
    let queues = command.queue_names();
    let request = StatsRequest {
        queues,
        ..StatsRequest::default()
    };
    let stats = client.stubs().stats(request).await?.into_inner();
    let count: i64 = stats
        .queues
        .iter()
        .map(|queue| queue.due_now + queue.in_flight)
        .sum();
    Ok(json!({ "count": count }))
}
