//! The builder of a worker.

use crate::bounded_text::truncate;
use crate::client::Client;
use crate::error::{BoxError, Error, ErrorKind};
use crate::v1::{Failure, MessageState, QuarantineReason, StreamDueRequest};
use crate::wire_time::duration_to_wire;
use crate::worker::Worker;
use crate::worker::core::WorkerCore;
use crate::worker::delivery::Delivery;
use crate::worker::handlers::HandlerCalls;
use crate::worker::middleware::{HandlerError, HandlerResult, Middleware, Next};
use crate::worker::outcome::OutcomeKind;
use crate::worker::results::{IntoOutcome, IntoOutcomes};
use crate::worker::stream::Deliveries;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Limit of the server.
const MAX_IN_FLIGHT: u32 = 10_000;
/// Leaves room for a process id in the 128 bytes of a worker id.
const HOST_BYTES: usize = 100;
const CONCURRENCY: u32 = 16;
const BATCH_SIZE: u32 = 100;
const MAX_BATCH_SIZE: u32 = 1_000;

/// The server's result of an outcome.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settled {
    /// The reported outcome.
    pub outcome: OutcomeKind,
    /// How long the handler ran; with a stream, how long the delivery was held.
    pub duration: Duration,
    /// What the handler failed with: the error that it returned or gave to
    /// [`Outcome::failed`](crate::Outcome::failed), or its panic.
    pub failure: Option<Failure>,
    /// The state of the message now.
    pub state: MessageState,
    /// When the next attempt is due.
    pub due_time: Option<SystemTime>,
    /// Why it was quarantined.
    pub quarantine_reason: Option<QuarantineReason>,
}

pub(crate) type OnError = Arc<dyn Fn(&Error, Option<&Delivery>) + Send + Sync>;
pub(crate) type OnSettled = Arc<dyn Fn(&Delivery, &Settled) + Send + Sync>;

/// Builds a worker: [`run`](WorkerBuilder::run) a handler, [`run_batches`](WorkerBuilder::run_batches), or take a
/// [`stream`](WorkerBuilder::stream).
#[must_use]
pub struct WorkerBuilder {
    client: Client,
    queues: Vec<String>,
    concurrency: Option<u32>,
    batch_size: Option<u32>,
    middleware: Vec<Middleware>,
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
            concurrency: None,
            batch_size: None,
            middleware: Vec::new(),
            prefetch: None,
            lease_duration: None,
            max_in_flight_bytes: None,
            worker_id: None,
            drain_timeout: Duration::from_secs(30),
            on_error: None,
            on_settled: None,
        }
    }

    /// Sets how many handlers run at a time. Default 16; of batch handlers 1, so that others collect meanwhile.
    pub const fn concurrency(mut self, count: u32) -> Self {
        self.concurrency = Some(count);
        self
    }

    /// Sets the limit of a batch, 1 to 1,000. Default 100. Only for [`run_batches`](WorkerBuilder::run_batches).
    pub const fn batch_size(mut self, count: u32) -> Self {
        self.batch_size = Some(count);
        self
    }

    /// Adds a middleware around the handler: an `async` function of the delivery and of what runs it. The first one is
    /// the outermost. Only for [`run`](WorkerBuilder::run).
    ///
    /// ```no_run
    /// # use dlq_client::{Client, Delivery, Error, HandlerResult, Next};
    /// # fn example(client: Client) -> Result<(), Error> {
    /// async fn log(delivery: Delivery, next: Next) -> HandlerResult {
    ///     let id = delivery.id().to_owned();
    ///     let result = next.run(delivery).await;
    ///     println!("{id}: {result:?}");
    ///     result
    /// }
    /// let worker = client.worker(["orders"]).middleware(log).run(|_| async { Ok::<(), Error>(()) })?;
    /// # Ok(()) }
    /// ```
    pub fn middleware<M, F>(mut self, middleware: M) -> Self
    where
        M: Fn(Delivery, Next) -> F + Send + Sync + 'static,
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        let boxed: Middleware = Arc::new(move |delivery, next| Box::pin(middleware(delivery, next)));
        self.middleware.push(boxed);
        self
    }

    /// Sets how many deliveries wait for a handler, so that no handler waits for the network. Other workers can't
    /// get them: give 0 if handlers take seconds. Default: as many as run at a time.
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

    /// Sets a callback for failed handlers, broken streams, lost leases, and outcomes that do not count. Default:
    /// logs warnings by `tracing`, a failed handler with its error's causes.
    pub fn on_error(mut self, callback: impl Fn(&Error, Option<&Delivery>) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(callback));
        self
    }

    /// Sets a callback for each outcome that counts.
    pub fn on_settled(mut self, callback: impl Fn(&Delivery, &Settled) + Send + Sync + 'static) -> Self {
        self.on_settled = Some(Arc::new(callback));
        self
    }

    /// Starts the worker. `Ok` of the handler means succeeded, or the [`Outcome`](crate::Outcome) that it returns.
    /// `Err` or a panic means failed. The handler is dropped at its next `await` if its lease is lost, or if a stopping
    /// worker waits no longer.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Invalid`] for invalid options or without a tokio runtime, and [`ErrorKind::Closed`] if
    /// the client is closed.
    #[track_caller]
    pub fn run<H, F, R, E>(mut self, handler: H) -> Result<Worker, Error>
    where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: IntoOutcome,
        E: Into<BoxError>,
    {
        let place = Location::caller();
        let calls = self.single_calls()?;
        let middleware = std::mem::take(&mut self.middleware);
        let core = self.start(calls)?;
        let handle = move |delivery: Delivery| {
            let work = handler(delivery);
            async move {
                let value = work.await.map_err(HandlerError::from)?;
                Ok(value.into_outcome())
            }
        };
        if middleware.is_empty() {
            core.run_handler(calls, handle, place);
        } else {
            let wrapped = Next::wrap(middleware, handle);
            core.run_handler(calls, move |delivery| wrapped.clone().run(delivery), place);
        }
        Ok(Worker::new(core))
    }

    /// Starts the worker with a handler of several deliveries: those that wait, without waiting for more. `Ok(())`
    /// means that all succeeded, an [`Outcome`](crate::Outcome) is that of all, and a `Vec` has the outcome of each, in
    /// the order of the slice. `Err`, a panic, or a `Vec` of another length means that all failed, which is reported
    /// once. The handler is dropped at its next `await` if all leases are lost, or if a stopping worker waits no longer.
    /// A send of one of the messages fails that delivery only.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`run`](WorkerBuilder::run).
    #[track_caller]
    pub fn run_batches<H, F, R, E>(self, handler: H) -> Result<Worker, Error>
    where
        H: Fn(Arc<[Delivery]>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: IntoOutcomes,
        E: Into<BoxError>,
    {
        let place = Location::caller();
        self.require_no_middleware()?;
        let batch_size = self.batch_size.unwrap_or(BATCH_SIZE);
        if !(1..=MAX_BATCH_SIZE).contains(&batch_size) {
            let message = format!("batch_size is {batch_size}; give 1 to {MAX_BATCH_SIZE}");
            return Err(Error::invalid(message));
        }
        let calls = HandlerCalls {
            concurrency: self.concurrency.unwrap_or(1),
            batch_size,
        };
        let core = self.start(calls)?;
        let handle = move |batch: Arc<[Delivery]>| {
            let count = batch.len();
            let work = handler(batch);
            async move {
                let value = work.await.map_err(HandlerError::from)?;
                Ok(value.into_outcomes(count)?)
            }
        };
        core.run_batch_handler(calls, handle, place);
        Ok(Worker::new(core))
    }

    /// Starts the worker and returns a stream of deliveries, each to be settled. At most `concurrency` plus
    /// `prefetch` are held at a time.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`run`](WorkerBuilder::run).
    pub fn stream(self) -> Result<Deliveries, Error> {
        self.require_no_middleware()?;
        let calls = self.single_calls()?;
        let core = self.start(calls)?;
        Ok(Deliveries::new(core))
    }

    fn require_no_middleware(&self) -> Result<(), Error> {
        if self.middleware.is_empty() {
            return Ok(());
        }
        let message = "middleware is for run: it wraps a handler of one delivery";
        Err(Error::invalid(message))
    }

    fn single_calls(&self) -> Result<HandlerCalls, Error> {
        if self.batch_size.is_some() {
            return Err(Error::invalid("batch_size is for run_batches"));
        }
        Ok(HandlerCalls {
            concurrency: self.concurrency.unwrap_or(CONCURRENCY),
            batch_size: 1,
        })
    }

    fn start(self, calls: HandlerCalls) -> Result<Arc<WorkerCore>, Error> {
        if self.client.is_closing() {
            return Err(Error::new(
                ErrorKind::Closed,
                "the client is closed; build another one",
            ));
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::invalid("start the worker within a tokio runtime"));
        }
        let request = self.request(calls)?;
        let client = self.client.clone();
        let core = WorkerCore::start(client.clone(), request, self);
        client.register_worker(&core);
        Ok(core)
    }

    fn request(&self, calls: HandlerCalls) -> Result<StreamDueRequest, Error> {
        if self.queues.is_empty() {
            return Err(Error::invalid("give at least one queue"));
        }
        if self.queues.iter().any(String::is_empty) {
            return Err(Error::queue_without_name());
        }
        if calls.concurrency == 0 {
            return Err(Error::invalid("concurrency must be 1 or more"));
        }
        let at_once = calls.concurrency.saturating_mul(calls.batch_size);
        let held = at_once.saturating_add(self.prefetch.unwrap_or(at_once));
        let own_id = || default_worker_id(crate::spool::host_name());
        Ok(StreamDueRequest {
            queues: self.queues.clone(),
            worker_id: self.worker_id.clone().unwrap_or_else(own_id),
            max_in_flight: Some(held.min(MAX_IN_FLIGHT)),
            max_in_flight_bytes: self.max_in_flight_bytes,
            lease_duration: self.lease_duration.map(duration_to_wire),
            resume_session_id: String::new(),
        })
    }
}

fn default_worker_id(host: String) -> String {
    format!("{}-{}", truncate(host, HOST_BYTES), std::process::id())
}

impl std::fmt::Debug for WorkerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerBuilder")
            .field("queues", &self.queues)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a pod is long.
    #[test]
    fn the_default_worker_id_is_host_and_process_id() {
        let (pod, pid) = ("orders-worker-7d9f8b6c5d-x2x4z", std::process::id());
        assert_eq!(default_worker_id(pod.to_owned()), format!("{pod}-{pid}"));
        assert!(default_worker_id("ä".repeat(200)).len() <= 128);
    }
}
