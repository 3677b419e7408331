//! A worker that handles each message by its plan.

use super::exit_on_panic;
use super::flags::Flags;
use super::history::History;
use super::messages::plan_of;
use super::recording::Recording;
use dlq_client::{BoxError, Client, Delivery, Outcome};
use pico_args::Arguments;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const MAX_WORK_TIME: Duration = Duration::from_millis(20);

pub async fn work(mut args: Arguments) -> Result<(), BoxError> {
    exit_on_panic();
    let flags = Flags::read(&mut args)?;
    let concurrency: u32 = args.opt_value_from_str("--concurrency")?.unwrap_or(16);
    let lease = Duration::from_millis(args.opt_value_from_str("--lease-ms")?.unwrap_or(2_000));
    let mut stop = signal(SignalKind::terminate())?;
    let history = Arc::new(History::open(&flags.out, &flags.name, "worker")?);
    let recording = Recording::new(&history, |_| {});
    let client = Client::builder(flags.target.as_str())
        .without_spool()
        .layer(recording.clone())
        .build()?;
    let random = Arc::new(Mutex::new(StdRng::seed_from_u64(flags.seed)));
    let worker = client
        .worker(flags.queues)
        .concurrency(concurrency)
        .lease_duration(lease)
        .worker_id(flags.name)
        .drain_timeout(3 * lease)
        .on_error(|_, _| {}) // the history has the failed calls
        .run(move |delivery| {
            let work_time = MAX_WORK_TIME.mul_f64(random.lock().unwrap().random());
            handle(delivery, work_time, lease)
        })?;
    stop.recv().await;
    worker.stop().await;
    client.close().await;
    recording.ended().await?;
    history.write("ended", json!({}));
    Ok(())
}

async fn handle(delivery: Delivery, work_time: Duration, lease: Duration) -> io::Result<Outcome> {
    let plan = plan_of(delivery.payload().bytes());
    tokio::time::sleep(work_time).await;
    let fails = match plan.as_str() {
        "fail1" => delivery.attempt() == 1,
        "fail2" => delivery.attempt() <= 2,
        "exhaust" => true,
        _ => false,
    };
    if fails {
        return Err(io::Error::other(format!("it fails by plan {plan}")));
    }
    if plan == "slow" {
        tokio::time::sleep(lease.mul_f64(1.5)).await;
    }
    Ok(match plan.as_str() {
        "release" if delivery.delivery_number() == 1 => Outcome::released(),
        "bad" => Outcome::failed(&io::Error::other("it fails for good")).non_retryable(),
        "discard" => Outcome::discarded("of no use"),
        "quarantine" => Outcome::quarantined("a human must look"),
        _ => Outcome::succeeded(),
    })
}
