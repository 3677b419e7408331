//! The builder of a client.

use crate::client::Client;
use crate::connection::{Connector, Transport, TransportLayer};
use crate::error::{BoxError, Error};
use crate::log::log;
#[cfg(feature = "tls")]
use crate::options::TlsOptions;
use crate::options::{Coalesce, SpoolOptions};
use crate::outcomes::{OutcomeCallbacks, OutcomeEvent};
use crate::send::drop_report::{Callback, OnDropped, log_drops, without_recursion};
use crate::target::Target;
use crate::token::Token;
use crate::v1::Origin;
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tower::util::MapErrLayer;
use tower::{Layer, Service};

/// The service recognizes a request id for 10 min: a later try could be stored twice.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_millis(599_999);

/// Builds a [`Client`].
#[must_use]
pub struct ClientBuilder {
    target: String,
    token: Option<Result<Token, Error>>,
    #[cfg(feature = "tls")]
    tls: Option<TlsOptions>,
    origin: Origin,
    timeout: Duration,
    try_timeout: Duration,
    coalesce: Coalesce,
    spool: Option<SpoolOptions>,
    on_dropped: Option<Callback>,
    outcome_callbacks: OutcomeCallbacks,
    layer: Option<TransportLayer>,
}

/// The validated options of a client.
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) connector: Connector,
    pub(crate) origin: Origin,
    pub(crate) timeout: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) coalesce: Coalesce,
    pub(crate) spool: Option<SpoolOptions>,
    pub(crate) on_dropped: OnDropped,
    pub(crate) outcome_callbacks: OutcomeCallbacks,
}

impl ClientBuilder {
    pub(crate) fn new(target: String) -> Self {
        Self {
            target,
            token: None,
            #[cfg(feature = "tls")]
            tls: None,
            origin: Origin::default(),
            timeout: Duration::from_secs(5),
            try_timeout: Duration::from_secs(2),
            coalesce: Coalesce::default(),
            spool: Some(SpoolOptions::default()),
            on_dropped: None,
            outcome_callbacks: OutcomeCallbacks::default(),
            layer: None,
        }
    }

    /// Sets a bearer token that the server accepts. Space around it, such as a file's last line break, is
    /// ignored.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Token::fixed(&token.into()));
        self
    }

    /// Sets a function that returns the current token. It is called for each call: cache a token that is slow to get.
    /// If it fails, the call fails and is tried again, or its messages go to the spool.
    ///
    /// ```no_run
    /// # use dlq_client::Client;
    /// let builder = Client::builder("https://dlq.example").token_from(|| async {
    ///     std::fs::read_to_string("/var/run/secrets/dlq-token") // the platform replaces it
    /// });
    /// ```
    pub fn token_from<F, T, E>(mut self, function: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<String>,
        E: Into<BoxError>,
    {
        self.token = Some(Ok(Token::from_function(function)));
        self
    }

    /// Sets TLS options, also to use TLS for a target `host:port`. Default: trust the system's certificates.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// Sets the name of the sending service, the `origin` of each message. Services have separate spools.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.origin.service = name.into();
        self
    }

    /// Sets the name of the sending instance: a pod, host or process.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.origin.instance = name.into();
        self
    }

    /// Sets the version of the sending service.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.origin.version = version.into();
        self
    }

    /// Sets how long a send tries: below 10 min, for which the service recognizes a request id. Default 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long one try waits for an answer. Default 2 s.
    pub const fn try_timeout(mut self, timeout: Duration) -> Self {
        self.try_timeout = timeout;
        self
    }

    /// Sets how concurrent sends share calls.
    pub const fn coalesce(mut self, options: Coalesce) -> Self {
        self.coalesce = options;
        self
    }

    /// Sets the options of the spool. Default: on.
    pub fn spool(mut self, options: SpoolOptions) -> Self {
        self.spool = Some(options);
        self
    }

    /// Turns the spool off: messages that can't be sent in time are dropped.
    pub fn without_spool(mut self) -> Self {
        self.spool = None;
        self
    }

    /// Sets a callback for each dropped message, with its queue. It must not block: a wait for a send fails, `flush` and
    /// `close` return at once, and a wait for a task or thread that waits for one of them may never end. It is not
    /// called for messages that it sends itself, such as by `drop(send.into_future())`, or that a log subscriber sends
    /// for a line of the client: their drops are only logged. Those of tasks that it spawns are reported to it. Default:
    /// logs at most one line a second by `tracing`.
    pub fn on_dropped(mut self, callback: impl Fn(&Error, &str) + Send + Sync + 'static) -> Self {
        self.on_dropped = Some(Box::new(callback));
        self
    }

    /// Sets an `async` function that is called after each failed attempt of a message that this client sent, whichever
    /// worker processes it.
    ///
    /// A message is followed, in the service's events, once its send is accepted, and a spooled one once this client has
    /// sent it: until it is gone, also after a move. That is not stored: after a restart of the program nothing is
    /// followed. Of more than 10,000 messages the oldest is no longer followed, which is logged.
    ///
    /// Each event comes once, those of a queue in order, one call at a time; it may come before the send returns. A
    /// slow callback delays the others of its queue. It is a task of tokio: run blocking code by `spawn_blocking`. A panic
    /// is logged. [`close`](Client::close) waits for running callbacks for up to 5 s, except in a callback. Without a
    /// callback the events are not read.
    pub fn on_failed<F>(mut self, callback: impl Fn(OutcomeEvent) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.outcome_callbacks.on_failed = Some(OutcomeCallbacks::of(callback));
        self
    }

    /// Sets an `async` function that is called when a message that this client sent comes into quarantine, where it
    /// stays until an operator decides. As [`on_failed`](ClientBuilder::on_failed).
    pub fn on_quarantined<F>(mut self, callback: impl Fn(OutcomeEvent) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.outcome_callbacks.on_quarantined = Some(OutcomeCallbacks::of(callback));
        self
    }

    /// Sets an `async` function that is called when a worker has processed a message that this client sent. As
    /// [`on_failed`](ClientBuilder::on_failed).
    pub fn on_succeeded<F>(mut self, callback: impl Fn(OutcomeEvent) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.outcome_callbacks.on_succeeded = Some(OutcomeCallbacks::of(callback));
        self
    }

    /// Sets a tower [layer](tower::Layer) around each connection. It sees each try of a call, and the streams of
    /// workers. Combine several layers by [`Stack`](tower::layer::util::Stack) or `tower::ServiceBuilder`.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Transport> + Send + Sync + 'static,
        L::Service: Service<http::Request<Body>, Response = http::Response<Body>, Error: Into<BoxError>>
            + Clone
            + Send
            + Sync
            + 'static,
        <L::Service as Service<http::Request<Body>>>::Future: Send + 'static,
    {
        let to_status = |error: <L::Service as Service<_>>::Error| Status::from_error(error.into());
        self.layer = Some(TransportLayer::new((MapErrLayer::new(to_status), layer)));
        self
    }

    /// Builds the client. It runs as tasks of the current tokio runtime. The first call opens a connection.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for an invalid option, or without a tokio runtime.
    pub fn build(self) -> Result<Client, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::invalid("build the client within a tokio runtime"));
        }
        if self.timeout.is_zero() || self.timeout > MAX_TIMEOUT {
            return Err(Error::invalid("timeout must be longer than 0 and below 10 min"));
        }
        if self.try_timeout.is_zero() {
            return Err(Error::invalid("try_timeout must be longer than 0"));
        }
        let target = Target::new(
            &self.target,
            #[cfg(feature = "tls")]
            self.tls,
        )?;
        if self.token.is_some() && target.exposes_token() {
            let address = target.address();
            log!(
                warn,
                "the token goes to {address} in plaintext; use https://{address} and a server with TLS"
            );
        }
        let connector = Connector::new(&target, self.token.transpose()?, self.layer)?;
        Ok(Client::from_settings(Settings {
            target,
            connector,
            origin: self.origin,
            timeout: self.timeout,
            try_timeout: self.try_timeout,
            coalesce: self.coalesce.validated()?,
            spool: self.spool,
            on_dropped: self.on_dropped.map_or_else(log_drops, without_recursion),
            outcome_callbacks: self.outcome_callbacks,
        }))
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
