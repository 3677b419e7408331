//! The builder of a worker.

use crate::client::Client;
use crate::error::{BoxError, Error, ErrorKind};
use crate::v1::{MessageState, QuarantineReason, StreamDueRequest};
use crate::wire_time::duration_to_wire;
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

/// Limit of the server.
const MAX_IN_FLIGHT: u32 = 10_000;
const WORKER_ID_BYTES: usize = 128;

/// A value that a handler may return: `()` or an [`Outcome`].
pub trait IntoOutcome {
    /// Returns the outcome. `None`: succeeded, unless the handler sent its own message.
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

/// The server's result of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settled {
    /// The reported outcome.
    pub outcome: OutcomeKind,
    /// The state of the message now.
    pub state: MessageState,
    /// When the next attempt is due.
    pub due_time: Option<SystemTime>,
    /// Why it was quarantined.
    pub quarantine_reason: Option<QuarantineReason>,
}

pub(crate) type OnError = Arc<dyn Fn(&Error, Option<&Delivery>) + Send + Sync>;
pub(crate) type OnSettled = Arc<dyn Fn(&Delivery, &Settled) + Send + Sync>;

/// Builds a worker: [`run`](WorkerBuilder::run) handlers, or take a [`stream`](WorkerBuilder::stream).
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

    /// Sets how many handlers run at a time. Default 16.
    pub const fn concurrency(mut self, count: u32) -> Self {
        self.concurrency = count;
        self
    }

    /// Sets how many deliveries wait for a handler, so that no handler waits for the network. Other workers can't
    /// get them: give 0 if handlers take seconds. Default: as many as `concurrency`.
    pub const fn prefetch(mut self, count: u32) -> Self {
        self.prefetch = Some(count);
        self
    }

    /// Sets how long the server waits for an outcome or an extension, 1 s to 12 h. Default: the queue's (30 s).
    pub const fn lease_duration(mut self, duration: Duration) -> Self {
        self.lease_duration = Some(duration);
        self
    }

    /// Sets how many bytes are in flight at a time. Default 64 MiB.
    pub const fn max_in_flight_bytes(mut self, bytes: u64) -> Self {
        self.max_in_flight_bytes = Some(bytes);
        self
    }

    /// Sets the name in the server's logs. Default: host and process id.
    pub fn worker_id(mut self, id: impl Into<String>) -> Self {
        self.worker_id = Some(id.into());
        self
    }

    /// Sets how long `stop` waits for running handlers before it drops them. Default 30 s.
    pub const fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// Sets a callback for broken streams, lost leases, and outcomes that do not count. Default: logs by `tracing`.
    pub fn on_error(mut self, callback: impl Fn(&Error, Option<&Delivery>) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(callback));
        self
    }

    /// Sets a callback for each outcome that counts.
    pub fn on_settled(mut self, callback: impl Fn(&Delivery, &Settled) + Send + Sync + 'static) -> Self {
        self.on_settled = Some(Arc::new(callback));
        self
    }

    /// Starts the worker. `Ok` of the handler means succeeded, or the [`Outcome`] that it returns. `Err` or a panic
    /// means failed. The handler is dropped at its next `await` if its lease is lost, or if a stopping worker waits
    /// no longer.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Invalid`] for invalid options or without a tokio runtime, and [`ErrorKind::Closed`] if
    /// the client is closed.
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
                    Ok(value) => Ok(value.into_outcome()),
                    Err(error) => Err((error.into(), type_name::<E>())),
                }
            }
        };
        core.run_handlers(concurrency as usize, handle, place);
        Ok(Worker::new(core))
    }

    /// Starts the worker and returns a stream of deliveries, each to be settled. At most `concurrency` plus
    /// `prefetch` are held at a time.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`run`](WorkerBuilder::run).
    pub fn stream(self) -> Result<Deliveries, Error> {
        let core = self.start()?;
        Ok(Deliveries::new(core))
    }

    fn start(self) -> Result<Arc<WorkerCore>, Error> {
        if self.client.is_closing() {
            return Err(Error::new(
                ErrorKind::Closed,
                "the client is closed; build another one",
            ));
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::invalid("start the worker within a tokio runtime"));
        }
        let request = self.request()?;
        let client = self.client.clone();
        let core = WorkerCore::start(client.clone(), request, self);
        client.register_worker(&core);
        Ok(core)
    }

    fn request(&self) -> Result<StreamDueRequest, Error> {
        if self.queues.is_empty() {
            return Err(Error::invalid("give at least one queue"));
        }
        if self.concurrency == 0 {
            return Err(Error::invalid("concurrency must be 1 or more"));
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
            max_in_flight: Some(held.min(MAX_IN_FLIGHT)),
            max_in_flight_bytes: self.max_in_flight_bytes,
            lease_duration: self.lease_duration.map(duration_to_wire),
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
