//! Connections to the service.

use crate::error::Error;
use crate::http_status::of_grpc;
use crate::target::Target;
use crate::v1::dlq_admin_service_client::DlqAdminServiceClient;
use crate::v1::dlq_service_client::DlqServiceClient;
use std::future::Future;
use std::time::Duration;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tower::util::{BoxCloneSyncService, BoxCloneSyncServiceLayer};
use tower::{Layer, ServiceExt};

/// What calls go over: a channel of tonic, within the layer that the client was given.
pub type Transport = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// A transport whose calls carry the client's token.
pub type Authorized = InterceptedService<Transport, Bearer>;

/// As [`ClientBuilder::layer`](crate::ClientBuilder::layer) was given it.
pub(crate) type TransportLayer =
    BoxCloneSyncServiceLayer<Transport, http::Request<Body>, http::Response<Body>, Status>;

// A dead peer is found by these, where nothing else is heard.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The default of 64 KiB would have a frame of 1 MiB wait for the peer sixteen times.
const WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// A message of 3 MiB, with what is said about it.
const MOST_RESPONSE_BYTES: usize = 16 * 1024 * 1024;

/// Adds the token to each call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// Makes connections: sends and outcomes share one, each stream has its own, so that reconnecting is
/// really that, also behind a load balancer.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    endpoint: Endpoint,
    bearer: Bearer,
    layer: Option<TransportLayer>,
}

impl Connector {
    pub(crate) fn new(
        target: &Target,
        token: Option<&str>,
        layer: Option<TransportLayer>,
    ) -> Result<Self, Error> {
        let token = token
            .map(|token| format!("Bearer {}", token.trim()).parse::<MetadataValue<Ascii>>())
            .transpose()
            .map_err(|_| Error::invalid("the token has characters that a header can't have"))?
            .map(|mut token| {
                token.set_sensitive(true);
                token
            });
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
            bearer: Bearer(token),
            layer,
        })
    }

    /// Opened by its first call, and again when it breaks.
    pub(crate) fn connect(&self) -> Connection {
        let channel = self.endpoint.connect_lazy();
        let transport = Transport::new(channel.map_err(|error| Status::from_error(error.into())));
        let transport = match &self.layer {
            Some(layer) => layer.layer(transport),
            None => transport,
        };
        Connection {
            transport: Transport::new(transport.map_result(|answer| answer.and_then(of_grpc))),
            bearer: self.bearer.clone(),
        }
    }
}

/// One HTTP/2 connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    transport: Transport,
    bearer: Bearer,
}

impl Connection {
    pub(crate) fn service(&self) -> DlqServiceClient<Authorized> {
        DlqServiceClient::with_interceptor(self.transport.clone(), self.bearer.clone())
            .max_decoding_message_size(MOST_RESPONSE_BYTES)
    }

    pub(crate) fn admin(&self) -> DlqAdminServiceClient<Authorized> {
        DlqAdminServiceClient::with_interceptor(self.transport.clone(), self.bearer.clone())
            .max_decoding_message_size(MOST_RESPONSE_BYTES)
    }
}

/// Of a call within which a layer of the user's has panicked.
pub(crate) fn of_panic() -> Status {
    Status::internal("the layer around the connection panicked")
}

/// Waits no longer than that for the answer of a call. The server is not told: what it has begun by
/// then is of use to the next try.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, Status> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map(tonic::Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("the server did not answer in time")),
    }
}
