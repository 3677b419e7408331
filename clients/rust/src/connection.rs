//! Connections to the service.

use crate::call_error::{ADVICE, status_text, was_never_sent};
use crate::error::Error;
use crate::http_status::require_grpc;
use crate::target::Target;
use crate::token::Token;
use crate::v1::dlq_admin_service_client::DlqAdminServiceClient;
use crate::v1::dlq_service_client::DlqServiceClient;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tower::util::{BoxCloneSyncService, BoxCloneSyncServiceLayer};
use tower::{Layer, ServiceExt};

/// Makes calls: a tonic channel within the client's layer, with the client's token.
pub type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// The layer of [`ClientBuilder::layer`](crate::ClientBuilder::layer).
pub(crate) type TransportLayer =
    BoxCloneSyncServiceLayer<Transport, http::Request<Body>, http::Response<Body>, Status>;

// Pings find a dead peer on a connection without traffic.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// With the default of 64 KiB, a frame of 1 MiB would wait for the peer sixteen times.
const WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// More than a delivery of the largest message.
const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;

/// Makes connections. Sends and outcomes share one. Each stream has its own: behind a load balancer, a new
/// connection may reach another server.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    endpoint: Endpoint,
    token: Option<Token>,
    layer: Option<TransportLayer>,
}

impl Connector {
    pub(crate) fn new(
        target: &Target,
        token: Option<Token>,
        layer: Option<TransportLayer>,
    ) -> Result<Self, Error> {
        let endpoint = target
            .endpoint()?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES);
        Ok(Self {
            endpoint,
            token,
            layer,
        })
    }

    /// Returns a connection that its first call opens. It is opened again when it breaks.
    pub(crate) fn connect(&self) -> Connection {
        let (channel, advice) = (self.endpoint.connect_lazy(), SchemeAdvice::new(&self.endpoint));
        let transport = Transport::new(
            channel
                .map_err(|error| Status::from_error(error.into()))
                .map_result(move |result| advice.add_to(result)),
        );
        let transport = match &self.layer {
            Some(layer) => layer.layer(transport),
            None => transport,
        };
        let transport = Transport::new(transport.map_result(|result| result.and_then(require_grpc)));
        Connection {
            transport: match &self.token {
                Some(token) => token.layer(transport),
                None => transport,
            },
        }
    }
}

/// Adds advice to the errors of a connection to a server that speaks another protocol.
#[derive(Clone)]
struct SchemeAdvice {
    is_tls: bool,
    was_answered: Arc<AtomicBool>,
}

impl SchemeAdvice {
    fn new(endpoint: &Endpoint) -> Self {
        Self {
            is_tls: endpoint.uri().scheme_str() == Some("https"),
            was_answered: Arc::default(),
        }
    }

    fn add_to<T>(&self, result: Result<T, Status>) -> Result<T, Status> {
        let mut status = match result {
            Ok(answer) => {
                self.was_answered.store(true, Ordering::Relaxed);
                return Ok(answer);
            }
            Err(status) => status,
        };
        let is_other_scheme = if self.is_tls {
            status_text(&status).contains("InvalidContentType")
        } else {
            // The server ended the connection before its first answer.
            !self.was_answered.load(Ordering::Relaxed) && !was_never_sent(&status)
        };
        if is_other_scheme {
            let advice = if self.is_tls {
                "if the server has no TLS, use http://"
            } else {
                "if the server has TLS, use https://; otherwise check that the target is its gRPC address"
            };
            let advice = MetadataValue::from_static(advice);
            status.metadata_mut().insert(ADVICE, advice);
        }
        Err(status)
    }
}

/// One HTTP/2 connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    transport: Transport,
}

impl Connection {
    pub(crate) fn service(&self) -> DlqServiceClient<Transport> {
        DlqServiceClient::new(self.transport.clone()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }

    pub(crate) fn admin(&self) -> DlqAdminServiceClient<Transport> {
        DlqAdminServiceClient::new(self.transport.clone()).max_decoding_message_size(MAX_RESPONSE_BYTES)
    }
}

/// Returns the error of a call whose layer, given by the user, panicked.
pub(crate) fn layer_panicked() -> Status {
    Status::internal("the layer around the connection panicked")
}

/// Waits for the answer of a call for at most `timeout`. Sends no deadline to the server: a retry profits from
/// the work that it has begun.
pub(crate) async fn with_timeout<T>(
    timeout: Duration,
    call: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, Status> {
    match tokio::time::timeout(timeout, call).await {
        Ok(result) => result.map(tonic::Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("the server did not answer in time")),
    }
}
