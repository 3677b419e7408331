//! A producer that sends at a steady rate, with a spool.

use super::exit_on_panic;
use super::flags::Flags;
use super::history::History;
use super::messages::{MessageGenerator, TestMessage};
use super::recording::Recording;
use dlq_client::{BoxError, Client, Error, ErrorKind, RetryPolicy, Sending, SpoolOptions};
use pico_args::Arguments;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::fs;
use std::future::IntoFuture;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A slow machine answers so many before their deadline: further sends come later.
const MAX_PENDING: u64 = 500;
/// Lets the spool empty in time, however slow the machine is: further sends come later.
const MAX_SPOOLED: usize = 20_000;
const CHECK_INTERVAL: Duration = Duration::from_millis(10);
/// How long the spool may take to empty after the last fault.
const EMPTY_TIMEOUT: Duration = Duration::from_secs(180);
/// The delay of the plan `baseline`. Longer than any run.
const BASELINE_DELAY: Duration = Duration::from_secs(30 * 24 * 3_600);

/// The results of the sends.
#[derive(Default)]
struct Tally {
    settled: AtomicU64,
    unanswered: Mutex<HashSet<String>>,
    refused: AtomicU64,
    dropped: Mutex<Vec<String>>,
}

impl Tally {
    fn on_dropped(&self, error: &Error) {
        if error.kind() == ErrorKind::Refused {
            self.refused.fetch_add(1, Ordering::Relaxed);
        } else {
            self.dropped
                .lock()
                .unwrap()
                .push(format!("{}: {error}", error.kind()));
        }
    }

    fn check(&self) -> Result<(), BoxError> {
        let dropped = self.dropped.lock().unwrap();
        if let Some(first) = dropped.first() {
            return Err(format!("{} sends were dropped; first: {first}", dropped.len()).into());
        }
        // The history has each refused try.
        let unanswered = self.unanswered.lock().unwrap().len() as u64;
        if unanswered > self.refused.load(Ordering::Relaxed) {
            return Err(format!("{unanswered} sends got no answer").into());
        }
        Ok(())
    }
}

/// Sends messages and fails if any was not stored: dropped, left in the spool, or lost by the client. Permanent
/// refusals are allowed.
pub async fn produce(mut args: Arguments) -> Result<(), BoxError> {
    exit_on_panic();
    let flags = Flags::read(&mut args)?;
    let count: u64 = args.value_from_str("--messages")?;
    let rate: f64 = args.value_from_str("--rate")?;
    let plans: Map<String, Value> = args.value_from_fn("--plans", |text| serde_json::from_str(text))?;
    let mut stop = signal(SignalKind::terminate())?;
    let folder = flags.out.with_extension("spool-folder");
    let history = Arc::new(History::open(&flags.out, &flags.name, "producer")?);
    let tally = Arc::new(Tally::default());
    let (sent, dropped) = (Arc::clone(&tally), Arc::clone(&tally));
    let recording = Recording::new(&history, move |request| {
        sent.unanswered.lock().unwrap().remove(request);
    });
    let spool = SpoolOptions {
        folder: Some(folder.clone()),
        ..SpoolOptions::default()
    };
    let client = Client::builder(flags.target.as_str())
        .spool(spool)
        .on_dropped(move |error, _| dropped.on_dropped(error))
        .layer(recording.clone())
        .build()?;
    let mut messages = MessageGenerator::new(&flags.name, &flags.queues, &plans, flags.seed);
    send_all(&client, &tally, &mut messages, count, rate, &mut stop).await;
    client.flush().await;
    wait_until_empty(&folder).await?;
    client.close().await;
    recording.ended().await?;
    history.write("ended", json!({}));
    tally.check()
}

/// Sends `count` messages, or fewer if SIGTERM comes.
async fn send_all(
    client: &Client,
    tally: &Arc<Tally>,
    messages: &mut MessageGenerator,
    count: u64,
    rate: f64,
    stop: &mut Signal,
) {
    let step = Duration::from_secs_f64(1.0 / rate);
    let mut due_at = Instant::now();
    while messages.count < count {
        let now = Instant::now();
        if client
            .status()
            .spool
            .is_some_and(|spool| spool.messages >= MAX_SPOOLED)
        {
            due_at = now + step;
        }
        while due_at <= now && messages.count < count {
            if messages.count - tally.settled.load(Ordering::Relaxed) >= MAX_PENDING {
                due_at = now;
                break;
            }
            let message = messages.next();
            tally
                .unanswered
                .lock()
                .unwrap()
                .insert(message.request_id.clone());
            let sending = send(client, message);
            let tally = Arc::clone(tally);
            tokio::spawn(async move {
                let _ = sending.await; // on_dropped gets the error
                tally.settled.fetch_add(1, Ordering::Relaxed);
            });
            due_at += step;
        }
        tokio::select! {
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
            _ = stop.recv() => return,
        }
    }
}

fn send(client: &Client, message: TestMessage) -> Sending {
    let policy = RetryPolicy::new()
        .initial_delay(Duration::from_millis(100))
        .max_delay(Duration::from_millis(500));
    let mut send = client
        .send(message.queue, message.payload, &io::Error::other("it broke"))
        .request_id(message.request_id)
        .source_id(message.source_id)
        .attribute("host", message.host)
        .ordering_key(message.ordering_key)
        .priority(message.priority)
        .retry_policy(policy);
    if message.plan == "exhaust" {
        send = send.max_retries(2);
    }
    if message.plan == "baseline" {
        send = send.delay(BASELINE_DELAY);
    }
    send.into_future()
}

async fn wait_until_empty(folder: &Path) -> Result<(), BoxError> {
    let give_up_at = Instant::now() + EMPTY_TIMEOUT;
    while has_spool_files(folder) {
        if Instant::now() > give_up_at {
            return Err(format!("spooled messages are left in {}", folder.display()).into());
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
    Ok(())
}

/// Reports whether a folder or one of its subfolders has a spool file.
fn has_spool_files(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .any(|path| path.extension().is_some_and(|extension| extension == "spool") || has_spool_files(&path))
}
