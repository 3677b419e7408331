//! A client of one deployment of the service.

use crate::builder::{ClientBuilder, Settings};
use crate::cause_chain::AsError;
use crate::connection::{Authorized, Connection, Connector};
use crate::error::{Error, ErrorKind};
use crate::line::Line;
use crate::payload::IntoPayload;
use crate::receipt::Receipt;
use crate::send::SendNumbers;
use crate::send::letter::Letter;
use crate::send::reachability::Reachability;
use crate::send::report::{OnDropped, shielded};
use crate::send::request::{SendRequest, Sending};
use crate::send::sender::Sender;
use crate::send::shared::SenderParts;
use crate::spool::{LAST_WRITES, Spool, SpoolParts};
use crate::v1::dlq_admin_service_client::DlqAdminServiceClient;
use crate::v1::dlq_service_client::DlqServiceClient;
use crate::v1::{Origin, SendToDlqRequest};
use crate::worker::core::WorkerCore;
use crate::worker::current;
use crate::worker::options::WorkerBuilder;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// What handlers sent at the very end has a moment, too.
const LAST_SENDS: Duration = Duration::from_millis(250);

/// A client of one deployment of the service. Clones are the same client: make one and share it.
///
/// When the last clone is dropped, what is pending is still sent, as long as the runtime lives; when
/// that is shut down, the rest goes to the spool. [`close`](Client::close) waits for it.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) connector: Connector,
    pub(crate) line: Arc<Line>,
    stubs: Connection,
    sender: Sender,
    spool: Option<Arc<Spool>>,
    numbers: Option<SendNumbers>,
    origin: Origin,
    timeout: Duration,
    on_dropped: OnDropped,
    workers: Mutex<Vec<Weak<WorkerCore>>>,
    is_closing: AtomicBool,
    is_closed: AtomicBool,
}

/// The generated client of producers and workers, with the token: every RPC as it is.
pub type Stubs = DlqServiceClient<Authorized>;

impl Client {
    /// Of the service at `target`, its gRPC address: `http://127.0.0.1:50051`, or `https:` with TLS.
    pub fn builder(target: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(target.into())
    }

    pub(crate) fn from_settings(settings: Settings) -> Self {
        let line = Arc::new(Line::new(settings.connector.clone()));
        let reachability = Arc::new(Reachability::default());
        let spool = settings.spool.map(|options| {
            Spool::start(SpoolParts {
                options,
                target: settings.target.address(),
                service: settings.origin.service.clone(),
                line: Arc::clone(&line),
                reachability: Arc::clone(&reachability),
                on_dropped: Arc::clone(&settings.on_dropped),
            })
        });
        let sender = Sender::new(SenderParts {
            line: Arc::clone(&line),
            reachability,
            spool: spool.clone(),
            coalesce: settings.coalesce,
            try_timeout: settings.try_timeout,
            on_dropped: Arc::clone(&settings.on_dropped),
        });
        Self {
            inner: Arc::new(Inner {
                stubs: settings.connector.connect(),
                connector: settings.connector,
                line,
                sender,
                numbers: spool.is_some().then(SendNumbers::new),
                spool,
                origin: settings.origin,
                timeout: settings.timeout,
                on_dropped: settings.on_dropped,
                workers: Mutex::default(),
                is_closing: AtomicBool::new(false),
                is_closed: AtomicBool::new(false),
            }),
        }
    }

    /// Hands over a message that could not be processed, and why. An `Err` tells that nobody keeps it,
    /// or that nobody knows.
    ///
    /// `payload` is text, bytes, [`Json`](crate::Json), or the payload of a delivery; `error` a concrete
    /// error, or a `dyn Error` (`&*error` of a box or of an `anyhow::Error`).
    #[track_caller]
    pub fn send<E: AsError + ?Sized>(
        &self,
        queue: impl Into<String>,
        payload: impl IntoPayload,
        error: &E,
    ) -> SendRequest<'_> {
        SendRequest::new(self, queue.into(), payload).error_at(error, Location::caller())
    }

    /// As [`send`](Client::send), of a message for which there is no error.
    pub fn letter(&self, queue: impl Into<String>, payload: impl IntoPayload) -> SendRequest<'_> {
        SendRequest::new(self, queue.into(), payload)
    }

    /// Works on messages that are due, of these queues.
    pub fn worker<Q: Into<String>>(&self, queues: impl IntoIterator<Item = Q>) -> WorkerBuilder {
        WorkerBuilder::new(self.clone(), queues.into_iter().map(Into::into).collect())
    }

    /// Returns when everything sent so far has its result.
    pub async fn flush(&self) {
        self.inner.sender.flush().await;
    }

    /// Stops the workers, waits for what is pending, moves the rest to the spool, and ends. Later sends
    /// are [`ErrorKind::Closed`].
    pub async fn close(&self) {
        self.end(None).await;
    }

    /// As [`close`](Client::close), and waits for handlers and sends no longer than that. Aborting and
    /// reporting what has not ended by then takes some seconds more at most.
    pub async fn close_within(&self, timeout: Duration) {
        self.end(Some(timeout)).await;
    }

    async fn end(&self, timeout: Option<Duration>) {
        let inner = &self.inner;
        let began_at = Instant::now();
        inner.is_closing.store(true, Ordering::SeqCst);
        // They stay in the list: whoever else closes waits for them, too, and may hasten them.
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
        inner.is_closed.store(true, Ordering::SeqCst);
        match timeout {
            None => inner.sender.flush().await,
            Some(timeout) => {
                let left = timeout
                    .saturating_sub(began_at.elapsed())
                    .max(timeout.min(LAST_SENDS));
                if tokio::time::timeout(left, inner.sender.flush()).await.is_err() {
                    inner.sender.give_up();
                    let _ = tokio::time::timeout(LAST_WRITES, inner.sender.flush()).await;
                }
            }
        }
        if let Some(spool) = &inner.spool {
            spool.close().await;
        }
    }

    /// The generated client of producers and workers, for every RPC as it is.
    pub fn stubs(&self) -> Stubs {
        self.inner.stubs.service()
    }

    /// The generated client of operators: queues, breakers, rules, simulations.
    pub fn admin(&self) -> DlqAdminServiceClient<Authorized> {
        self.inner.stubs.admin()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.inner.is_closing.load(Ordering::SeqCst)
    }

    /// So that closing the client stops it.
    pub(crate) fn adopt(&self, worker: &Arc<WorkerCore>) {
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

    pub(crate) fn dropped(&self, error: Error, queue: &str) -> Sending {
        shielded("on_dropped", || (self.inner.on_dropped)(&error, queue));
        Sending::known(Err(error))
    }

    pub(crate) fn add(
        &self,
        mut request: SendToDlqRequest,
        is_non_retryable: bool,
        timeout: Option<Duration>,
    ) -> Sending {
        if let Some(held) = current::same_message(&request, self) {
            let id = held.id().to_owned();
            held.becomes(request, is_non_retryable);
            return Sending::known(Ok(Receipt::Delivery { id }));
        }
        if self.inner.is_closed.load(Ordering::SeqCst) {
            let error = Error::new(ErrorKind::Closed, "the client is closed; send before that");
            return self.dropped(error, &request.queue);
        }
        if let Some(numbers) = &self.inner.numbers {
            numbers.count(&mut request);
        }
        let timeout = timeout.unwrap_or(self.inner.timeout);
        Sending::waiting(self.inner.sender.add(Letter::new(request), timeout))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("service", &self.inner.origin.service)
            .finish_non_exhaustive()
    }
}
