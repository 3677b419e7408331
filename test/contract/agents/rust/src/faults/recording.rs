//! Records the calls of a client and their results, below its retries.

use super::calls::Call;
use super::frames::RecordedFrames;
use super::history::History;
use dlq_client::{BoxError, Transport};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Calls end with their client, or by deadlines of a few seconds.
const END_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes before a gRPC message: the compression flag and the length.
pub const HEAD_BYTES: usize = 5;

/// A layer that records each connection of a client.
#[derive(Clone)]
pub struct Recording {
    pub history: Arc<History>,
    /// Called with the id of each answered request.
    pub on_sent: Arc<dyn Fn(&str) + Send + Sync>,
    open: Arc<watch::Sender<usize>>,
    named: Arc<AtomicU64>,
}

impl Recording {
    pub fn new(history: &Arc<History>, on_sent: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            history: Arc::clone(history),
            on_sent: Arc::new(on_sent),
            open: Arc::default(),
            named: Arc::default(),
        }
    }

    /// Returns when the end of each call and stream is recorded. Some end after their client.
    pub async fn ended(&self) -> Result<(), BoxError> {
        let mut open = self.open.subscribe();
        tokio::time::timeout(END_TIMEOUT, open.wait_for(|open| *open == 0)).await??;
        Ok(())
    }

    pub fn name(&self, kind: &str) -> String {
        format!("{kind}-{}", self.named.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub fn begins(&self) {
        self.open.send_modify(|open| *open += 1);
    }

    pub fn ends(&self) {
        self.open.send_modify(|open| *open -= 1);
    }
}

impl Layer<Transport> for Recording {
    type Service = Recorded;

    fn layer(&self, transport: Transport) -> Recorded {
        Recorded {
            transport,
            recording: self.clone(),
        }
    }
}

#[derive(Clone)]
pub struct Recorded {
    transport: Transport,
    recording: Recording,
}

type CallResult = Result<Response<Body>, Status>;

impl Service<Request<Body>> for Recorded {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = CallResult> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.transport.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // Use the service that is ready, and leave a clone.
        let next = self.transport.clone();
        let transport = std::mem::replace(&mut self.transport, next);
        let recording = self.recording.clone();
        let method = request
            .uri()
            .path()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        Box::pin(async move {
            if method == "StreamDue" {
                stream(&recording, transport, request).await
            } else {
                unary(&recording, transport, &method, request).await
            }
        })
    }
}

async fn unary(
    recording: &Recording,
    mut transport: Transport,
    method: &str,
    request: Request<Body>,
) -> CallResult {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let call = Call::begin(recording, method, &body[HEAD_BYTES..]).expect("a request");
    let response = transport.call(Request::from_parts(parts, full_body(body))).await;
    let Some(call) = call else { return response };
    let (parts, body) = match response {
        Ok(response) => response.into_parts(),
        Err(status) => {
            call.failed(&status);
            return Err(status);
        }
    };
    let body = match body.collect().await {
        Ok(body) => body,
        Err(status) => {
            call.failed(&status);
            return Err(status);
        }
    };
    let trailers = body.trailers().cloned();
    let body = body.to_bytes();
    // A response without messages has its status in the headers.
    let status = Status::from_header_map(trailers.as_ref().unwrap_or(&parts.headers));
    match status {
        Some(status) if status.code() != Code::Ok => call.failed(&status),
        Some(_) => call.answered(&body[HEAD_BYTES..]).expect("a response"),
        None => call.failed(&Status::unavailable("the answer is not gRPC")),
    }
    let trailers = ready(trailers.map(Ok));
    Ok(Response::from_parts(
        parts,
        Body::new(Full::new(body).with_trailers(trailers)),
    ))
}

async fn stream(recording: &Recording, mut transport: Transport, request: Request<Body>) -> CallResult {
    let response = transport.call(request).await?;
    Ok(response.map(|body| Body::new(RecordedFrames::new(body, recording.clone()))))
}

fn full_body(body: bytes::Bytes) -> Body {
    Body::new(Full::new(body))
}
