//! The load of the bench by this client, as its users write it: commands of test/bench/load/commands.ts.

mod command;
mod consume;
mod send;
mod tally;

use crate::commands::lines;
use crate::tell;
use command::Command;
use dlq_client::v1::StatsRequest;
use dlq_client::{BoxError, Client};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tokio_util::sync::CancellationToken;

/// How often a running command tells how far it is.
const PROGRESS_EVERY: Duration = Duration::from_millis(10);

/// One command at a time, until the bench ends.
pub async fn serve(address: &str) -> Result<(), BoxError> {
    let client = Client::builder(format!("http://{address}"))
        .without_spool()
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
    let told = Arc::clone(&tally);
    let progress = async {
        let mut count = 0;
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            if told.count() != count {
                count = told.count();
                tell(&json!({ "progress": count }));
            }
        }
    };
    // Nothing is told after the end.
    let result = tokio::select! {
        result = act(&client, &command, &tally, &stop) => result,
        () = progress => unreachable!("it goes on"),
    };
    match result {
        Ok(result) => tell(&json!({ "result": result })),
        Err(error) => tell(&json!({ "error": error.to_string() })),
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
        other => return Err(format!("this load process knows no {other}").into()),
    }
    Ok(tally.result())
}

/// How many messages of the queues are neither done nor put off.
async fn left(client: &Client, command: &Command) -> Result<Value, BoxError> {
    let queues = command.queue_names();
    let request = StatsRequest { queues };
    let stats = client.stubs().stats(request).await?.into_inner();
    let count: i64 = stats
        .queues
        .iter()
        .map(|queue| queue.due_now + queue.in_flight)
        .sum();
    Ok(json!({ "count": count }))
}
