//! The client.

use crate::builder::{ClientBuilder, Settings};
use crate::cause_chain::AsError;
use crate::client_metrics::ClientMetrics;
use crate::connection::{Connection, Connector, Transport};
use crate::error::{Error, ErrorKind};
use crate::outcomes::OutcomeWatches;
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
use crate::spool::{Spool, SpoolParts};
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

/// A client of one deployment of the service. Create one and share it: clones are the same client.
///
/// After the last clone is dropped, pending messages are still sent while the runtime lives. When it ends, the
/// rest goes to the spool. [`close`](Client::close) waits for that. Callbacks for sent messages end at once.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) connector: Connector,
    pub(crate) channel: Arc<ReconnectingChannel>,
    stubs: Connection,
    pub(crate) sender: Sender,
    pub(crate) spool: Option<Arc<Spool>>,
    numbers: Option<SendNumbers>,
    origin: Origin,
    /// How long a send tries by default.
    pub(crate) timeout: Duration,
    /// `host:port`.
    pub(crate) target: String,
    pub(crate) metrics: Arc<ClientMetrics>,
    on_dropped: OnDropped,
    /// `None` without callbacks.
    pub(crate) outcomes: Option<Arc<OutcomeWatches>>,
    pub(crate) workers: Mutex<Vec<Weak<WorkerCore>>>,
    pub(crate) is_closing: AtomicBool,
    pub(crate) runtime: Handle,
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
        let outcomes = OutcomeWatches::new(settings.outcome_callbacks, &settings.connector);
        let target = settings.target.address();
        let spool = settings.spool.map(|options| {
            Spool::start(SpoolParts {
                options,
                target: target.clone(),
                service: settings.origin.service.clone(),
                channel: Arc::clone(&channel),
                reachability: Arc::clone(&reachability),
                on_dropped: Arc::clone(&settings.on_dropped),
                outcomes: outcomes.clone(),
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
            outcomes: outcomes.clone(),
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
                outcomes,
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

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(outcomes) = &self.outcomes {
            outcomes.end();
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("service", &self.inner.origin.service)
            .finish_non_exhaustive()
    }
}
