//! A producer as users have it: the client with its spool, at a steady rate, whatever happens.

use super::end_at_panics;
use super::flags::Flags;
use super::history::History;
use super::letters::{Letter, Letters};
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

/// Sends that wait at most: what is more comes later, so that memory is bounded in an outage.
const MOST_PENDING: u64 = 5_000;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long the spool may take to be empty, once nothing is broken any more.
const EMPTY_WITHIN: Duration = Duration::from_secs(40);
/// Far beyond any run.
const STOCK_DELAY: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What became of the sends.
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
            return Err(format!("{} sends were dropped, {first}", dropped.len()).into());
        }
        // Of what was refused the history has each try.
        let unanswered = self.unanswered.lock().unwrap().len() as u64;
        if unanswered > self.refused.load(Ordering::Relaxed) {
            return Err(format!("{unanswered} sends have got no answer").into());
        }
        Ok(())
    }
}

/// What the service has not refused for good it must have taken at last: a send that is dropped, left
/// in the spool, or forgotten by the client is an error.
pub async fn produce(mut args: Arguments) -> Result<(), BoxError> {
    end_at_panics();
    let flags = Flags::read(&mut args)?;
    let count: u64 = args.value_from_str("--messages")?;
    let rate: f64 = args.value_from_str("--rate")?;
    let plans: Map<String, Value> = args.value_from_fn("--plans", |text| serde_json::from_str(text))?;
    let mut stop = signal(SignalKind::terminate())?;
    let folder = flags.out.with_extension("spool-folder");
    let history = Arc::new(History::open(&flags.out, &flags.name, "producer")?);
    let tally = Arc::new(Tally::default());
    let (sent, told) = (Arc::clone(&tally), Arc::clone(&tally));
    let recording = Recording::new(&history, move |request| {
        sent.unanswered.lock().unwrap().remove(request);
    });
    let spool = SpoolOptions {
        folder: Some(folder.clone()),
        ..SpoolOptions::default()
    };
    let client = Client::builder(flags.target.as_str())
        .spool(spool)
        .on_dropped(move |error, _| told.on_dropped(error))
        .layer(recording.clone())
        .build()?;
    let mut letters = Letters::new(&flags.name, &flags.queues, &plans, flags.seed);
    send_all(&client, &tally, &mut letters, count, rate, &mut stop).await;
    client.flush().await;
    wait_until_empty(&folder).await?;
    client.close().await;
    recording.ended().await?;
    history.write("ended", json!({}));
    tally.check()
}

/// Until there are enough, or SIGTERM comes.
async fn send_all(
    client: &Client,
    tally: &Arc<Tally>,
    letters: &mut Letters,
    count: u64,
    rate: f64,
    stop: &mut Signal,
) {
    let step = Duration::from_secs_f64(1.0 / rate);
    let mut due_at = Instant::now();
    while letters.made < count {
        let now = Instant::now();
        while due_at <= now && letters.made < count {
            if letters.made - tally.settled.load(Ordering::Relaxed) >= MOST_PENDING {
                due_at = now;
                break;
            }
            let letter = letters.next();
            tally.unanswered.lock().unwrap().insert(letter.request_id.clone());
            let sending = send(client, letter);
            let tally = Arc::clone(tally);
            tokio::spawn(async move {
                let _ = sending.await; // on_dropped has its error
                tally.settled.fetch_add(1, Ordering::Relaxed);
            });
            due_at += step;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.recv() => return,
        }
    }
}

fn send(client: &Client, letter: Letter) -> Sending {
    let policy = RetryPolicy::new()
        .initial_delay(Duration::from_millis(100))
        .max_delay(Duration::from_millis(500));
    let mut send = client
        .send(letter.queue, letter.payload, &io::Error::other("it broke"))
        .request_id(letter.request_id)
        .source_id(letter.source_id)
        .attribute("host", letter.host)
        .ordering_key(letter.ordering_key)
        .priority(letter.priority)
        .retry_policy(policy);
    if letter.plan == "exhaust" {
        send = send.max_retries(2);
    }
    if letter.plan == "stock" {
        send = send.delay(STOCK_DELAY);
    }
    send.into_future()
}

async fn wait_until_empty(folder: &Path) -> Result<(), BoxError> {
    let give_up_at = Instant::now() + EMPTY_WITHIN;
    while has_letters(folder) {
        if Instant::now() > give_up_at {
            return Err(format!("letters are left in {}", folder.display()).into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Of any service.
fn has_letters(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .any(|path| path.extension().is_some_and(|extension| extension == "spool") || has_letters(&path))
}
