//! Tower layers that send the requests on which a service fails.

mod http_layer;
mod http_message;
mod recorded_body;
mod service_error;
mod shown_query;
mod watched_request;

pub use http_layer::{HttpDeadLetter, HttpDeadLetterLayer};
pub use recorded_body::RecordedBody;
pub use service_error::{BoxedError, PlainError, ServiceError};

use crate::client::Client;
use crate::error::Error;
use crate::panics::{Panic, catch_async_panic};
use crate::payload::{IntoPayload, Payload, build_payload};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::{Layer, Service};
use watched_request::WatchedRequest;

impl Client {
    /// Returns a layer for tower services; for those of HTTP, see
    /// [`dead_letter_http_layer`](Client::dead_letter_http_layer). If the service returns an error or panics, or its
    /// future is dropped before it ends, the request is sent to `queue`, as the payload that `payload` built before the
    /// call. The error or panic is passed on at once. A message that can't be stored is reported to
    /// [`on_dropped`](crate::ClientBuilder::on_dropped).
    ///
    /// ```no_run
    /// # use std::io;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # async fn example(client: dlq_client::Client) {
    /// let charge = service_fn(|_order: String| async { Err::<(), _>(io::Error::other("no answer")) });
    /// let layer = client.dead_letter_layer("orders", |order: &String| order.clone());
    /// let result = layer.layer(charge).oneshot("order-42".to_owned()).await;
    /// assert_eq!(result.unwrap_err().to_string(), "no answer");
    /// # }
    /// ```
    #[track_caller]
    pub fn dead_letter_layer<F, K>(&self, queue: impl Into<String>, payload: F) -> DeadLetterLayer<F, K> {
        DeadLetterLayer {
            client: self.clone(),
            queue: queue.into(),
            payload,
            place: Location::caller(),
            kind: PhantomData,
        }
    }
}

/// The layer of [`Client::dead_letter_layer`]. `K` is inferred; see [`ServiceError`].
pub struct DeadLetterLayer<F, K> {
    client: Client,
    queue: String,
    payload: F,
    place: &'static Location<'static>,
    kind: PhantomData<fn() -> K>,
}

impl<F: Clone, K> Clone for DeadLetterLayer<F, K> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            queue: self.queue.clone(),
            payload: self.payload.clone(),
            ..*self
        }
    }
}

impl<F, K> fmt::Debug for DeadLetterLayer<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetterLayer")
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

impl<S, F: Clone, K> Layer<S> for DeadLetterLayer<F, K> {
    type Service = DeadLetter<S, F, K>;

    fn layer(&self, service: S) -> Self::Service {
        DeadLetter {
            service,
            layer: self.clone(),
        }
    }
}

/// A service whose failed requests are sent to a queue.
#[derive(Debug)]
pub struct DeadLetter<S, F, K> {
    service: S,
    layer: DeadLetterLayer<F, K>,
}

impl<S: Clone, F: Clone, K> Clone for DeadLetter<S, F, K> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S, F, K, R, P> Service<R> for DeadLetter<S, F, K>
where
    S: Service<R, Future: Send + 'static, Response: 'static, Error: ServiceError<K>>,
    F: Fn(&R) -> P,
    P: IntoPayload,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let layer = &self.layer;
        let payload = Built(build_payload(|| (layer.payload)(&request)));
        let (queue, place) = (layer.queue.clone(), layer.place);
        let mut watched = WatchedRequest::new(layer.client.clone(), place, move |client| {
            client.send_request(queue, payload)
        });
        let work = start(&mut self.service, request);
        Box::pin(async move {
            let result = finish(work).await;
            match &result {
                Ok(Ok(_)) => watched.has_succeeded(),
                Ok(Err(error)) => watched.has_error(error),
                Err(panic) => watched.has_panic(&**panic),
            }
            result.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

/// The future of a service, or its panic before it returned one.
type Work<F> = Result<F, Panic>;

fn start<S: Service<R>, R>(service: &mut S, request: R) -> Work<S::Future> {
    catch_unwind(AssertUnwindSafe(|| service.call(request)))
}

async fn finish<F: Future>(work: Work<F>) -> Result<F::Output, Panic> {
    catch_async_panic(work?).await
}

/// The payload of a request that the service has consumed.
struct Built(Result<Payload, Error>);

impl IntoPayload for Built {
    fn into_payload(self) -> Result<Payload, Error> {
        self.0
    }
}
