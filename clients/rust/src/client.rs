//! The client.

use crate::builder::{ClientBuilder, Settings};
use crate::cause_chain::AsError;
use crate::client_metrics::ClientMetrics;
use crate::connection::{Connection, Connector, Transport};
use crate::error::{Error, ErrorKind};
use crate::panics::catch_and_log;
use crate::payload::IntoPayload;
use crate::receipt::Receipt;
use crate::reconnecting_channel::ReconnectingChannel;
use crate::send::calls::{SendNumbers, SizedRequest};
use crate::send::drop_report::OnDropped;
use crate::send::pending_sends::SenderParts;
use crate::send::reachability::Reachability;
use crate::send::request::SendRequest;
use crate::send::send_report::SendReport;
use crate::send::sender::Sender;
use crate::send::sending::Sending;
use crate::sent_by::SentBy;
use crate::spool::{LAST_WRITES_TIMEOUT, Spool, SpoolParts};
use crate::status::ClientState;
use crate::v1::dlq_admin_service_client::DlqAdminServiceClient;
use crate::v1::dlq_service_client::DlqServiceClient;
use crate::v1::{Origin, SendToDlqRequest};
use crate::worker::core::WorkerCore;
use crate::worker::current::running_delivery_of;
use crate::worker::options::WorkerBuilder;
use crate::worker::outcome::Outcome;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// How long a close waits for the spool while the service answers.
const MAX_REST_TIME: Duration = Duration::from_secs(2);
/// How long a close waits at least for the last sends of handlers.
const LAST_SENDS_TIMEOUT: Duration = Duration::from_millis(250);

/// A client of one deployment of the service. Create one and share it: clones are the same client.
///
/// After the last clone is dropped, pending messages are still sent while the runtime lives. When it ends, the
/// rest goes to the spool. [`close`](Client::close) waits for that.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) connector: Connector,
    pub(crate) channel: Arc<ReconnectingChannel>,
    stubs: Connection,
    sender: Sender,
    spool: Option<Arc<Spool>>,
    numbers: Option<SendNumbers>,
    origin: Origin,
    /// How long a send tries by default.
    pub(crate) timeout: Duration,
    /// `host:port`.
    pub(crate) target: String,
    pub(crate) metrics: Arc<ClientMetrics>,
    on_dropped: OnDropped,
    workers: Mutex<Vec<Weak<WorkerCore>>>,
    is_closing: AtomicBool,
    runtime: Handle,
}

/// The generated client of producers and workers, with the token.
pub type Stubs = DlqServiceClient<Transport>;

impl Client {
    /// Returns a builder for the gRPC address of the service: `127.0.0.1:50051` or `http://127.0.0.1:50051`, or
    /// `https:` with TLS.
    pub fn builder(target: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(target.into())
    }

    pub(crate) fn from_settings(settings: Settings) -> Self {
        let channel = Arc::new(ReconnectingChannel::new(settings.connector.clone()));
        let reachability = Arc::new(Reachability::default());
        let target = settings.target.address();
        let spool = settings.spool.map(|options| {
            Spool::start(SpoolParts {
                options,
                target: target.clone(),
                service: settings.origin.service.clone(),
                channel: Arc::clone(&channel),
                reachability: Arc::clone(&reachability),
                on_dropped: Arc::clone(&settings.on_dropped),
            })
        });
        let usage = spool.as_ref().map(|spool| Arc::clone(spool.usage()));
        let state = ClientState::new(Arc::clone(&reachability), usage);
        let metrics = Arc::new(ClientMetrics::new(&target, state));
        let sender = Sender::new(SenderParts {
            channel: Arc::clone(&channel),
            reachability,
            spool: spool.clone(),
            metrics: Arc::clone(&metrics),
            coalesce: settings.coalesce,
            try_timeout: settings.try_timeout,
            on_dropped: Arc::clone(&settings.on_dropped),
        });
        Self {
            inner: Arc::new(Inner {
                stubs: settings.connector.connect(),
                connector: settings.connector,
                channel,
                sender,
                numbers: spool.is_some().then(SendNumbers::new),
                spool,
                origin: settings.origin,
                timeout: settings.timeout,
                target,
                metrics,
                on_dropped: settings.on_dropped,
                workers: Mutex::default(),
                is_closing: AtomicBool::new(false),
                runtime: Handle::current(),
            }),
        }
    }

    /// Sends a message that could not be processed, with the error. Await the result.
    ///
    /// `payload` is text, bytes, [`Json`](crate::Json), or the payload of a delivery. `error` is any error; for a
    /// `Box<dyn Error>` or an `anyhow::Error`, give `&*error`.
    ///
    /// # Errors
    ///
    /// An error means that the message is not stored, or [may be](Error::maybe_stored).
    #[track_caller]
    pub fn send<E: AsError + ?Sized>(
        &self,
        queue: impl Into<String>,
        payload: impl IntoPayload,
        error: &E,
    ) -> SendRequest<'_> {
        SendRequest::new(self, queue.into(), payload).error_at(error, Location::caller())
    }

    /// Sends a message without an error, as [`send`](Client::send) does.
    pub fn send_request(&self, queue: impl Into<String>, payload: impl IntoPayload) -> SendRequest<'_> {
        SendRequest::new(self, queue.into(), payload)
    }

    /// Returns a builder for a worker, which processes the due messages of these queues.
    pub fn worker<Q: Into<String>>(&self, queues: impl IntoIterator<Item = Q>) -> WorkerBuilder {
        WorkerBuilder::new(self.clone(), queues.into_iter().map(Into::into).collect())
    }

    /// Returns when every earlier send has its result. In `on_dropped` and log subscribers it returns at once.
    pub async fn flush(&self) {
        self.inner.sender.flush().await;
    }

    /// Stops the workers, waits for pending sends, and moves the rest to the spool. If the service answers, it also waits
    /// for up to 2 s for the messages of the spool. Later sends fail with [`ErrorKind::Closed`]. In `on_dropped` and log
    /// subscribers it returns at once, and the client closes in the background.
    pub async fn close(&self) {
        self.end_unless_in_callback(None).await;
    }

    /// Closes as [`close`](Client::close), but waits for handlers and sends for at most `timeout`. Aborting and
    /// reporting the rest takes a few seconds more.
    pub async fn close_within(&self, timeout: Duration) {
        self.end_unless_in_callback(Some(timeout)).await;
    }

    /// What an end waits for may itself wait for the callback.
    async fn end_unless_in_callback(&self, timeout: Option<Duration>) {
        if SentBy::current() == SentBy::Program {
            return self.end(timeout).await;
        }
        if !self.inner.is_closing.swap(true, Ordering::SeqCst) {
            let client = self.clone();
            self.inner.runtime.spawn(async move { client.end(timeout).await });
        }
    }

    async fn end(&self, timeout: Option<Duration>) {
        let inner = &self.inner;
        let began_at = Instant::now();
        inner.is_closing.store(true, Ordering::SeqCst);
        // They stay in the list: another close waits for them, too, and may have a shorter timeout.
        let workers: Vec<_> = inner
            .workers
            .lock()
            .unwrap()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for worker in &workers {
            worker.begin_stop(timeout);
        }
        for worker in workers {
            worker.ended().await;
        }
        inner.metrics.state().is_closed.store(true, Ordering::SeqCst);
        match timeout {
            None => inner.sender.flush().await,
            Some(timeout) => {
                let left = timeout
                    .saturating_sub(began_at.elapsed())
                    .max(timeout.min(LAST_SENDS_TIMEOUT));
                if tokio::time::timeout(left, inner.sender.flush()).await.is_err() {
                    inner.sender.give_up();
                    let _ = tokio::time::timeout(LAST_WRITES_TIMEOUT, inner.sender.flush()).await;
                }
            }
        }
        if let Some(spool) = &inner.spool {
            let left = timeout.map_or(MAX_REST_TIME, |timeout| {
                timeout.saturating_sub(began_at.elapsed())
            });
            let reachability = &inner.metrics.state().reachability;
            spool.send_rest(reachability, left.min(MAX_REST_TIME)).await;
            spool.close().await;
        }
    }

    /// Returns the generated client of producers and workers.
    pub fn stubs(&self) -> Stubs {
        self.inner.stubs.service()
    }

    /// Returns the generated client of operators: queues, breakers, rules, simulations.
    pub fn admin(&self) -> DlqAdminServiceClient<Transport> {
        self.inner.stubs.admin()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.inner.is_closing.load(Ordering::SeqCst)
    }

    /// Reports whether sends are refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.metrics.state().is_closed.load(Ordering::SeqCst)
    }

    /// Makes a close of the client stop the worker.
    pub(crate) fn register_worker(&self, worker: &Arc<WorkerCore>) {
        let mut workers = self.inner.workers.lock().unwrap();
        workers.retain(|worker| worker.strong_count() > 0);
        workers.push(Arc::downgrade(worker));
        drop(workers);
        if self.is_closing() {
            worker.begin_stop(None);
        }
    }

    pub(crate) fn origin(&self) -> Option<Origin> {
        let origin = &self.inner.origin;
        (*origin != Origin::default()).then(|| origin.clone())
    }

    pub(crate) fn drop_send(&self, error: Error, request: &SendToDlqRequest, report: SendReport) -> Sending {
        catch_and_log("on_dropped", || (self.inner.on_dropped)(&error, &request.queue));
        self.ended(Err(error), request, report)
    }

    fn ended(
        &self,
        result: Result<Receipt, Error>,
        request: &SendToDlqRequest,
        report: SendReport,
    ) -> Sending {
        self.inner.metrics.sent(&request.queue, &result);
        report.end(request, &result);
        Sending::ready(result)
    }

    pub(crate) fn add(
        &self,
        mut request: SendToDlqRequest,
        is_non_retryable: bool,
        timeout: Option<Duration>,
        report: SendReport,
    ) -> Sending {
        if let Some(delivery) = running_delivery_of(&request, report.delivery(), self)
            && delivery.fail_with(Outcome::of_send(&request, is_non_retryable))
        {
            let id = delivery.id().to_owned();
            return self.ended(Ok(Receipt::Delivery { id }), &request, report);
        }
        if self.is_closed() {
            let error = Error::new(ErrorKind::Closed, "the client is closed; send before closing it");
            return self.drop_send(error, &request, report);
        }
        if let Some(numbers) = &self.inner.numbers {
            numbers.assign(&mut request);
        }
        let timeout = timeout.unwrap_or(self.inner.timeout);
        Sending::waiting(self.inner.sender.add(SizedRequest::new(request), timeout, report))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("service", &self.inner.origin.service)
            .finish_non_exhaustive()
    }
}
