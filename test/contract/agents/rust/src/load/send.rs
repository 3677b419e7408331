//! Callers that each send messages one after another.

use super::command::Command;
use super::tally::Tally;
use dlq_client::{BoxError, Client};
use rand::RngExt;
use rand::distr::Alphanumeric;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

pub async fn send(client: &Client, command: &Command, tally: &Arc<Tally>) -> Result<(), BoxError> {
    // Random text, which does not compress well.
    let chars = rand::rng().sample_iter(Alphanumeric).take(command.bytes);
    let text: Arc<str> = chars.map(char::from).collect::<String>().into();
    let names: Arc<[String]> = command.queue_names().into();
    let next = Arc::new(AtomicUsize::new(0));
    let max_count = command.count.unwrap_or(usize::MAX);
    let end_at = command
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let mut callers = JoinSet::new();
    for _ in 0..command.callers() {
        let (client, tally, text) = (client.clone(), Arc::clone(tally), Arc::clone(&text));
        let (names, next) = (Arc::clone(&names), Arc::clone(&next));
        callers.spawn(async move {
            let error = io::Error::other("shop.example did not answer within 5 s");
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= max_count || end_at.is_some_and(|end_at| Instant::now() >= end_at) {
                    return Ok(());
                }
                let began_at = Instant::now();
                let queue = names[number % names.len()].as_str();
                client.send(queue, &*text, &error).delay(Duration::ZERO).await?;
                tally.add(Some(began_at.elapsed()));
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended?.map_err(|error: dlq_client::Error| error)?;
    }
    Ok(())
}
