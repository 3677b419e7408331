//! How a worker is made.

use crate::client::Client;
use crate::durations::to_wire;
use crate::error::{BoxError, Error, ErrorKind};
use crate::v1::{MessageState, QuarantineReason, StreamDueRequest};
use crate::worker::Worker;
use crate::worker::core::WorkerCore;
use crate::worker::delivery::Delivery;
use crate::worker::outcome::{Outcome, OutcomeKind};
use crate::worker::stream::Deliveries;
use std::any::type_name;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The most that the server takes.
const MOST_IN_FLIGHT: u32 = 10_000;
const WORKER_ID_BYTES: usize = 128;

/// What a handler may return: nothing, or an [`Outcome`].
pub trait IntoOutcome {
    /// None: it has succeeded, unless it has sent its own message.
    fn into_outcome(self) -> Option<Outcome>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Option<Outcome> {
        None
    }
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Option<Outcome> {
        Some(self)
    }
}

impl IntoOutcome for Option<Outcome> {
    fn into_outcome(self) -> Option<Outcome> {
        self
    }
}

/// What the server made of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// What was reported.
    pub outcome: OutcomeKind,
    /// Where the message is now.
    pub state: MessageState,
    /// When the next attempt is due, if one is.
    pub due_time: Option<SystemTime>,
    /// Why it went to quarantine, if it did.
    pub quarantine_reason: Option<QuarantineReason>,
}

pub(crate) type OnError = Arc<dyn Fn(&Error, Option<&Delivery>) + Send + Sync>;
pub(crate) type OnSettled = Arc<dyn Fn(&Delivery, &Settled) + Send + Sync>;

/// Makes a worker: [`run`](WorkerBuilder::run) it, or take its [`stream`](WorkerBuilder::stream).
#[must_use]
pub struct WorkerBuilder {
    client: Client,
    queues: Vec<String>,
    concurrency: u32,
    prefetch: Option<u32>,
    lease_duration: Option<Duration>,
    max_in_flight_bytes: Option<u64>,
    worker_id: Option<String>,
    pub(crate) drain_timeout: Duration,
    pub(crate) on_error: Option<OnError>,
    pub(crate) on_settled: Option<OnSettled>,
}

impl WorkerBuilder {
    pub(crate) fn new(client: Client, queues: Vec<String>) -> Self {
        Self {
            client,
            queues,
            concurrency: 16,
            prefetch: None,
            lease_duration: None,
            max_in_flight_bytes: None,
            worker_id: None,
            drain_timeout: Duration::from_secs(30),
            on_error: None,
            on_settled: None,
        }
    }

    /// Most handlers at a time. Default 16.
    pub const fn concurrency(mut self, count: u32) -> Self {
        self.concurrency = count;
        self
    }

    /// Deliveries that wait here for a handler, so that none waits for the network. They are held by
    /// this worker meanwhile: give 0 where handlers take seconds. Default: as many as `concurrency`.
    pub const fn prefetch(mut self, count: u32) -> Self {
        self.prefetch = Some(count);
        self
    }

    /// How long the server waits for a sign of life, 1 s to 12 h. Default: the queue's (30 s).
    pub const fn lease_duration(mut self, duration: Duration) -> Self {
        self.lease_duration = Some(duration);
        self
    }

    /// Most bytes in flight. Default 64 MiB.
    pub const fn max_in_flight_bytes(mut self, bytes: u64) -> Self {
        self.max_in_flight_bytes = Some(bytes);
        self
    }

    /// Shown in the server's logs. Default: host and process id.
    pub fn worker_id(mut self, id: impl Into<String>) -> Self {
        self.worker_id = Some(id.into());
        self
    }

    /// How long `stop` waits for running handlers before it drops them. Default 30 s.
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// Told when the stream breaks, a lease is lost or an outcome does not count. Default: `tracing`.
    pub fn on_error(mut self, told: impl Fn(&Error, Option<&Delivery>) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(told));
        self
    }

    /// Told what became of each delivery whose outcome counts.
    pub fn on_settled(mut self, told: impl Fn(&Delivery, &Settled) + Send + Sync + 'static) -> Self {
        self.on_settled = Some(Arc::new(told));
        self
    }

    /// Starts it. `Ok` of the handler means succeeded, or the [`Outcome`] that it gives; `Err` or a panic
    /// means failed. A handler whose lease is lost, or that a stopping worker waits for no longer, is
    /// dropped at its next `await`.
    #[track_caller]
    pub fn run<H, F, R, E>(self, handler: H) -> Result<Worker, Error>
    where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: IntoOutcome,
        E: Into<BoxError>,
    {
        let place = Location::caller();
        let concurrency = self.concurrency;
        let core = self.start()?;
        let handle = move |delivery: Delivery| {
            let work = handler(delivery);
            async move {
                match work.await {
                    Ok(given) => Ok(given.into_outcome()),
                    Err(error) => Err((error.into(), type_name::<E>())),
                }
            }
        };
        core.run_handlers(concurrency as usize, handle, place);
        Ok(Worker::new(core))
    }

    /// Starts it, and gives what is due as a stream: whoever takes a delivery from it says what becomes
    /// of it. No more than `concurrency` and `prefetch` together are held at a time.
    pub fn stream(self) -> Result<Deliveries, Error> {
        let core = self.start()?;
        Ok(Deliveries::new(core))
    }

    fn start(self) -> Result<Arc<WorkerCore>, Error> {
        if self.client.is_closing() {
            return Err(Error::new(
                ErrorKind::Closed,
                "the client is closed; make another one",
            ));
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::invalid("start the worker within a tokio runtime"));
        }
        let request = self.request()?;
        let client = self.client.clone();
        let core = WorkerCore::start(client.clone(), request, self);
        client.adopt(&core);
        Ok(core)
    }

    fn request(&self) -> Result<StreamDueRequest, Error> {
        if self.queues.is_empty() {
            return Err(Error::invalid("name at least one queue to work on"));
        }
        if self.concurrency == 0 {
            return Err(Error::invalid("concurrency is 0; give 1 or more"));
        }
        let held = self
            .concurrency
            .saturating_add(self.prefetch.unwrap_or(self.concurrency));
        let worker_id = self.worker_id.clone().unwrap_or_else(|| {
            let host = crate::spool::host_name();
            let id = format!("{host}-{}", std::process::id());
            id.chars()
                .rev()
                .take(WORKER_ID_BYTES / 4)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect()
        });
        Ok(StreamDueRequest {
            queues: self.queues.clone(),
            worker_id,
            max_in_flight: Some(held.min(MOST_IN_FLIGHT)),
            max_in_flight_bytes: self.max_in_flight_bytes,
            lease_duration: self.lease_duration.map(to_wire),
            resume_session_id: String::new(),
        })
    }
}

impl std::fmt::Debug for WorkerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerBuilder")
            .field("queues", &self.queues)
            .finish_non_exhaustive()
    }
}
