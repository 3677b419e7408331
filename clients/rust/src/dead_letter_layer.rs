//! A layer of tower: requests that a service fails on are kept.

use crate::client::Client;
use crate::error::{BoxError, Error};
use crate::panics::{failure_of_panic, guarded};
use crate::payload::{IntoPayload, Payload, made};
use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::{Layer, Service};

impl Client {
    /// A layer for services of tower, whatever they speak: a request on which the service fails is sent
    /// to `queue`, as what `payload` has made of it before. The error, or panic, is passed on at once; what can't be
    /// kept is told to [`on_dropped`](crate::ClientBuilder::on_dropped).
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
    pub fn dead_letter_layer<F>(&self, queue: impl Into<String>, payload: F) -> DeadLetterLayer<F> {
        DeadLetterLayer {
            client: self.clone(),
            queue: queue.into(),
            payload,
            place: Location::caller(),
        }
    }
}

/// Of [`Client::dead_letter_layer`].
#[derive(Clone, Debug)]
pub struct DeadLetterLayer<F> {
    client: Client,
    queue: String,
    payload: F,
    place: &'static Location<'static>,
}

impl<S, F: Clone> Layer<S> for DeadLetterLayer<F> {
    type Service = DeadLetter<S, F>;

    fn layer(&self, service: S) -> DeadLetter<S, F> {
        DeadLetter {
            service,
            layer: self.clone(),
        }
    }
}

/// A service whose failed requests are sent.
#[derive(Clone, Debug)]
pub struct DeadLetter<S, F> {
    service: S,
    layer: DeadLetterLayer<F>,
}

impl<S, F, R, P> Service<R> for DeadLetter<S, F>
where
    S: Service<R, Future: Send + 'static, Response: 'static, Error: Into<BoxError>>,
    F: Fn(&R) -> P,
    P: IntoPayload,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.service.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let DeadLetterLayer {
            client,
            queue,
            payload,
            place,
        } = &self.layer;
        let (client, queue, place) = (client.clone(), queue.clone(), *place);
        let payload = Made(made(|| payload(&request)));
        // It may panic already here, before there is a future of it.
        let work = catch_unwind(AssertUnwindSafe(|| self.service.call(request)));
        Box::pin(async move {
            let letter = || client.letter(queue, payload);
            let end = match work {
                Ok(work) => guarded(work).await,
                Err(panic) => Err(panic),
            };
            let failed = match end {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => error.into(),
                Err(panic) => {
                    let failure = failure_of_panic(&*panic, "the service", place);
                    drop(letter().failure(failure).into_future());
                    resume_unwind(panic);
                }
            };
            // It goes on, however long it tries.
            drop(letter().boxed_error::<S::Error>(&failed, place).into_future());
            Err(failed)
        })
    }
}

/// Of a request that is gone by now.
struct Made(Result<Payload, Error>);

impl IntoPayload for Made {
    fn into_payload(self) -> Result<Payload, Error> {
        self.0
    }
}
