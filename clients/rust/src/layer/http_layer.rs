//! The layer for HTTP services.

use crate::client::Client;
use crate::layer::http_message::Options;
use crate::layer::recorded_body::{RecordedBody, Recording};
use crate::layer::service_error::ServiceError;
use crate::layer::watched_request::WatchedRequest;
use crate::layer::{finish, start};
use crate::panics::Panic;
use crate::send::request::SendRequest;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tower::{Layer, Service};

impl Client {
    /// Returns a layer for HTTP services, such as [`axum`](https://docs.rs/axum)'s `Router::layer`. It sends POST,
    /// PUT, PATCH and DELETE requests to `queue` if the service answers with a status of 5xx, returns an error or
    /// panics, or if its future is dropped before it ends: the caller has disconnected, or a layer around waits no
    /// longer. The caller gets the service's answer in any case. The error of a body that breaks after the answer has
    /// begun is not noticed.
    ///
    /// The message has the request's body and media type; the attributes `http.method`, `http.path`, `http.query`
    /// (with `[hidden]` as the value of parameters such as `token` or `password`) and `http.content_encoding`;
    /// `Idempotency-Key` as source id, and `traceparent` as trace context. Other headers, such as `Authorization` or
    /// `Cookie`, are not stored.
    ///
    /// The service reads the body as it comes. After a failure the layer reads the rest, in the background and for at
    /// most 5 s, but not that of a chunked body after a panic. A body that is not whole is stored as far as it came,
    /// with the attribute `http.body` = `cut`, and is quarantined at once.
    ///
    /// ```no_run
    /// # fn example(client: dlq_client::Client) -> axum::Router {
    /// let orders = axum::Router::new().route("/orders", axum::routing::post(create_order));
    /// orders.layer(client.dead_letter_http_layer("orders"))
    /// # }
    /// # async fn create_order() {}
    /// ```
    #[track_caller]
    pub fn dead_letter_http_layer<K>(&self, queue: impl Into<String>) -> HttpDeadLetterLayer<K> {
        HttpDeadLetterLayer {
            client: self.clone(),
            options: Options::new(queue.into()),
            place: Location::caller(),
            kind: PhantomData,
        }
    }
}

/// The layer of [`Client::dead_letter_http_layer`]. `K` is inferred; see [`ServiceError`].
#[must_use]
pub struct HttpDeadLetterLayer<K> {
    client: Client,
    options: Options,
    place: &'static Location<'static>,
    kind: PhantomData<fn() -> K>,
}

impl<K> HttpDeadLetterLayer<K> {
    /// Sets the methods of the requests that are sent. Default: POST, PUT, PATCH and DELETE; others change nothing.
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.options.methods = methods.into_iter().collect();
        self
    }

    /// Sets how much of a body is stored. Default 1 MiB, as the service's default limit.
    pub const fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.options.max_body_bytes = bytes;
        self
    }

    /// Names more query parameters whose values are hidden, in any case, besides those such as `token`.
    pub fn secret_parameters<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.options.secrets.extend(names.into_iter().map(Into::into));
        self
    }

    /// Sets options of a request's send, which override those of its headers. The request has no body and no
    /// extensions.
    pub fn send_options(
        mut self,
        add: impl for<'a> Fn(&Request<()>, SendRequest<'a>) -> SendRequest<'a> + Send + Sync + 'static,
    ) -> Self {
        self.options.add = Arc::new(add);
        self
    }
}

impl<K> Clone for HttpDeadLetterLayer<K> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            options: self.options.clone(),
            ..*self
        }
    }
}

impl<K> fmt::Debug for HttpDeadLetterLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDeadLetterLayer")
            .field("queue", &self.options.queue)
            .finish_non_exhaustive()
    }
}

impl<S, K> Layer<S> for HttpDeadLetterLayer<K> {
    type Service = HttpDeadLetter<S, K>;

    fn layer(&self, service: S) -> Self::Service {
        HttpDeadLetter {
            service,
            client: self.client.clone(),
            options: Arc::new(self.options.clone()),
            place: self.place,
            kind: PhantomData,
        }
    }
}

/// An HTTP service whose failed requests are sent to a queue.
pub struct HttpDeadLetter<S, K> {
    service: S,
    client: Client,
    options: Arc<Options>,
    place: &'static Location<'static>,
    kind: PhantomData<fn() -> K>,
}

impl<S: Clone, K> Clone for HttpDeadLetter<S, K> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            client: self.client.clone(),
            options: Arc::clone(&self.options),
            ..*self
        }
    }
}

impl<S: fmt::Debug, K> fmt::Debug for HttpDeadLetter<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDeadLetter")
            .field("service", &self.service)
            .field("queue", &self.options.queue)
            .finish_non_exhaustive()
    }
}

impl<S, K, B, A> Service<Request<B>> for HttpDeadLetter<S, K>
where
    S: Service<Request<RecordedBody<B>>, Response = Response<A>, Future: Send + 'static>,
    S::Error: ServiceError<K>,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    A: 'static,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let options = Arc::clone(&self.options);
        let is_watched = options.methods.contains(request.method());
        let (head, body) = request.into_parts();
        let (body, recording) = RecordedBody::new(body, if is_watched { options.max_body_bytes } else { 0 });
        let guard = is_watched.then(|| {
            let (copy, recorded) = (copy_of(&head), recording.clone());
            let watched = WatchedRequest::new(self.client.clone(), self.place, move |client| {
                options.message(client, &copy, &recorded)
            });
            Guard {
                watched: Some(watched),
                recording,
                is_connected: false,
            }
        });
        let work = start(&mut self.service, Request::from_parts(head, body));
        Box::pin(async move {
            let result = finish(work).await;
            if let Some(mut guard) = guard {
                guard.ended(&result);
            }
            result.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

/// Reads the rest of the body before the request is sent.
struct Guard<B: Body<Data = Bytes> + Send + Unpin + 'static> {
    watched: Option<WatchedRequest>,
    recording: Recording<B>,
    /// The connection goes on. After a panic, or if the caller has gone, it may end at any time.
    is_connected: bool,
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Guard<B> {
    fn ended<A, E: ServiceError<K>, K>(&mut self, result: &Result<Result<Response<A>, E>, Panic>) {
        let Some(watched) = &mut self.watched else { return };
        self.is_connected = result.is_ok();
        match result {
            Ok(Ok(answer)) if answer.status().is_server_error() => watched.has_answer(answer),
            Ok(Ok(_)) => watched.has_succeeded(),
            Ok(Err(error)) => watched.has_error(error),
            Err(panic) => watched.has_panic(&**panic),
        }
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Drop for Guard<B> {
    fn drop(&mut self) {
        let recording = self.recording.clone();
        let watched = self.watched.take().filter(WatchedRequest::has_failed);
        if let Some(watched) = watched
            && !recording.has_ended()
            && (self.is_connected || recording.has_known_length())
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                recording.read_rest().await;
                drop(watched);
            });
        }
    }
}

fn copy_of(head: &Parts) -> Request<()> {
    let mut copy = Request::new(());
    *copy.method_mut() = head.method.clone();
    *copy.uri_mut() = head.uri.clone();
    *copy.version_mut() = head.version;
    *copy.headers_mut() = head.headers.clone();
    copy
}
