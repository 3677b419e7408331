//! How a client is made.

use crate::client::Client;
use crate::connection::{Connector, Transport, TransportLayer};
use crate::error::{BoxError, Error, ErrorKind};
use crate::send::report::{OnDropped, drop_report, not_within_itself};
use crate::target::Target;
use crate::v1::Origin;
use std::path::PathBuf;
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tower::util::MapErrLayer;
use tower::{Layer, Service};

const MIB: usize = 1024 * 1024;
// What the server takes in one call.
const MOST_MESSAGES: usize = 1_000;
const MOST_BYTES: usize = 3 * MIB + MIB / 2;
/// Whoever waits longer wants no answers.
const MOST_DELAY: Duration = Duration::from_secs(60);

/// How concurrent sends share calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coalesce {
    /// How long a send waits for others while a call is under way; with none it goes at once. Default
    /// 2 ms, at most a minute.
    pub max_delay: Duration,
    /// Most messages of one call: 1 to 1,000. Default 100, so that many sends share several calls at a
    /// time.
    pub max_messages: usize,
    /// Most bytes of one call, at most 3.5 MiB. Default 3 MiB.
    pub max_bytes: usize,
    /// Most calls under way at a time. Default 4.
    pub max_calls: usize,
    /// Messages in memory beyond which a send goes to the spool at once, or is dropped. Default 10,000.
    pub max_pending_messages: usize,
    /// Their bytes. Default 64 MiB.
    pub max_pending_bytes: usize,
}

impl Default for Coalesce {
    fn default() -> Self {
        Self {
            max_delay: Duration::from_millis(2),
            max_messages: 100,
            max_bytes: 3 * MIB,
            max_calls: 4,
            max_pending_messages: 10_000,
            max_pending_bytes: 64 * MIB,
        }
    }
}

impl Coalesce {
    fn checked(mut self) -> Result<Self, Error> {
        let counts = [
            ("max_messages", self.max_messages),
            ("max_bytes", self.max_bytes),
            ("max_calls", self.max_calls),
            ("max_pending_messages", self.max_pending_messages),
            ("max_pending_bytes", self.max_pending_bytes),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Err(Error::invalid(format!("Coalesce::{name} is 0; give 1 or more")));
        }
        self.max_messages = self.max_messages.min(MOST_MESSAGES);
        self.max_bytes = self.max_bytes.min(MOST_BYTES);
        self.max_delay = self.max_delay.min(MOST_DELAY);
        Ok(self)
    }
}

/// Where sends are kept that can't be delivered in time, until they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolOptions {
    /// Default: `DLQ_SPOOL_DIR`, else the platform's folder for state.
    pub folder: Option<PathBuf>,
    /// What all files of the service may take. Default 256 MiB.
    pub max_bytes: u64,
    /// Whether each write is synced to the disk before a send is told that it is kept. Default false:
    /// the page cache survives the process, not the machine.
    pub sync: bool,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self {
            folder: None,
            max_bytes: 256 * 1024 * 1024,
            sync: false,
        }
    }
}

/// TLS of the connection, in PEM; used with an `https:` target.
#[cfg(feature = "tls")]
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Certificates to trust instead of the system's.
    pub ca: Option<Vec<u8>>,
    /// Certificate and key of this client, where the server asks for one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name to expect in the server's certificate, if it isn't that of the target.
    pub server_name: Option<String>,
}

/// Without the key, which has no place in a log.
#[cfg(feature = "tls")]
impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsOptions")
            .field("has_ca", &self.ca.is_some())
            .field("has_identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}

/// Makes a [`Client`].
#[must_use]
pub struct ClientBuilder {
    target: String,
    token: Option<String>,
    #[cfg(feature = "tls")]
    tls: Option<TlsOptions>,
    pub(crate) origin: Origin,
    pub(crate) timeout: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) coalesce: Coalesce,
    pub(crate) spool: Option<SpoolOptions>,
    pub(crate) on_dropped: Option<OnDropped>,
    layer: Option<TransportLayer>,
}

/// What a client is made of.
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) connector: Connector,
    pub(crate) origin: Origin,
    pub(crate) timeout: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) coalesce: Coalesce,
    pub(crate) spool: Option<SpoolOptions>,
    pub(crate) on_dropped: OnDropped,
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
            layer: None,
        }
    }

    /// A bearer token of the server's `DLQ_TOKENS`. Space around it does not count, as a file's last line break.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// TLS other than with the certificates that the system trusts.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// Which service sends, as `origin` of each message; also names its part of the spool.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.origin.service = name.into();
        self
    }

    /// Which instance of it: a pod, host or process.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.origin.instance = name.into();
        self
    }

    /// Which version of it.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.origin.version = version.into();
        self
    }

    /// How long a send tries. Default 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long one try of it waits for an answer. Default 2 s.
    pub const fn try_timeout(mut self, timeout: Duration) -> Self {
        self.try_timeout = timeout;
        self
    }

    /// How concurrent sends share calls.
    pub const fn coalesce(mut self, options: Coalesce) -> Self {
        self.coalesce = options;
        self
    }

    /// Where sends are kept that can't be delivered in time. Default: in files.
    pub fn spool(mut self, options: SpoolOptions) -> Self {
        self.spool = Some(options);
        self
    }

    /// What can't be delivered in time is dropped.
    pub fn without_spool(mut self) -> Self {
        self.spool = None;
        self
    }

    /// Told of each message that was dropped, and its queue, save of those that it drops itself. Default: at most one line a second by
    /// `tracing`.
    pub fn on_dropped(mut self, told: impl Fn(&Error, &str) + Send + Sync + 'static) -> Self {
        self.on_dropped = Some(not_within_itself(told));
        self
    }

    /// Puts a [layer](tower::Layer) of tower around each connection: what it makes sees every call of
    /// this client, each try by itself, and the stream of a worker. Several are given as one by
    /// [`Stack`](tower::layer::util::Stack) or `tower::ServiceBuilder`.
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

    /// Opens no connection yet: the first call does. Its work is done by tasks of the tokio runtime in
    /// which this is called.
    pub fn build(self) -> Result<Client, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::invalid("build the client within a tokio runtime"));
        }
        for (name, time) in [("timeout", self.timeout), ("try_timeout", self.try_timeout)] {
            if time.is_zero() {
                return Err(Error::new(ErrorKind::Invalid, format!("{name} is 0; give more")));
            }
        }
        let target = Target::new(
            &self.target,
            #[cfg(feature = "tls")]
            self.tls,
        )?;
        let connector = Connector::new(&target, self.token.as_deref(), self.layer)?;
        Ok(Client::from_settings(Settings {
            target,
            connector,
            origin: self.origin,
            timeout: self.timeout,
            try_timeout: self.try_timeout,
            coalesce: self.coalesce.checked()?,
            spool: self.spool,
            on_dropped: self.on_dropped.unwrap_or_else(drop_report),
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
