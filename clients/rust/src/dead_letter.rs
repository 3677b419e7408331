//! Sends the message of work that fails: a future, or a tower service.

use crate::client::Client;
use crate::error::{BoxError, Error};
use crate::failure::{describe, is_non_retryable};
use crate::panics::{catch_async_panic, failure_of_panic};
use crate::payload::{IntoPayload, Payload, build_payload};
use crate::send::request::SendRequest;
use std::any::type_name;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::{Layer, Service};

impl Client {
    /// Runs `work` on a message. If it fails, sends the message to `queue` with the error. Returns the result of
    /// `work`, or `None` if it failed and the message is stored, by the service or on disk.
    ///
    /// # Errors
    ///
    /// Returns the error of `work` if the message could not be stored: the caller still has to keep it.
    ///
    /// # Panics
    ///
    /// A panic of `work` is a failure, too. It continues if the message could not be stored.
    ///
    /// ```no_run
    /// # async fn charge(_order: &str) -> Result<u32, std::io::Error> { Ok(1) }
    /// # async fn example(client: dlq_client::Client, order: String) -> Result<(), dlq_client::BoxError> {
    /// let receipt = client.dead_letter("orders", &order, charge(&order)).await?;
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn dead_letter<'a, T, E>(
        &'a self,
        queue: impl Into<String>,
        payload: impl IntoPayload,
        work: impl Future<Output = Result<T, E>> + 'a,
    ) -> impl Future<Output = Result<Option<T>, BoxError>> + 'a
    where
        E: Into<BoxError> + 'a,
        T: 'a,
    {
        let place = Location::caller();
        let request = self.send_request(queue, payload);
        async move {
            let error: BoxError = match catch_async_panic(work).await {
                Ok(Ok(value)) => return Ok(Some(value)),
                Ok(Err(error)) => error.into(),
                Err(panic) => {
                    let failure = failure_of_panic(&*panic, "the work", place);
                    return match request.failure(failure).await {
                        Ok(receipt) if receipt.is_kept() => Ok(None),
                        _ => resume_unwind(panic),
                    };
                }
            };
            match request.boxed_error::<E>(&error, place).await {
                Ok(receipt) if receipt.is_kept() => Ok(None),
                _ => Err(error),
            }
        }
    }

    /// Returns a layer for tower services. If the service fails, the request is sent to `queue`, as the payload
    /// that `payload` built before the call. The error or panic is passed on at once. A message that can't be
    /// stored is reported to [`on_dropped`](crate::ClientBuilder::on_dropped).
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

impl SendRequest<'_> {
    /// Sets an error that was an `E` before it was boxed.
    pub(crate) fn boxed_error<E>(mut self, error: &BoxError, place: &Location<'_>) -> Self {
        self = self.error_at(&**error, place);
        if let Some(failure) = &mut self.request.failure {
            failure.r#type = describe(&**error, Some(type_name::<E>()), place).r#type;
        }
        debug_assert_eq!(self.is_non_retryable, is_non_retryable(&**error));
        self
    }
}

/// The layer of [`Client::dead_letter_layer`].
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

/// A service whose failed requests are sent to a queue.
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
        let payload = Built(build_payload(|| payload(&request)));
        // The call may panic before it returns a future.
        let work = catch_unwind(AssertUnwindSafe(|| self.service.call(request)));
        Box::pin(async move {
            let send = || client.send_request(queue, payload);
            let result = match work {
                Ok(work) => catch_async_panic(work).await,
                Err(panic) => Err(panic),
            };
            let failed = match result {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(error)) => error.into(),
                Err(panic) => {
                    let failure = failure_of_panic(&*panic, "the service", place);
                    drop(send().failure(failure).into_future());
                    resume_unwind(panic);
                }
            };
            // The send continues in the background.
            drop(send().boxed_error::<S::Error>(&failed, place).into_future());
            Err(failed)
        })
    }
}

/// The payload of a request that the service has consumed.
struct Built(Result<Payload, Error>);

impl IntoPayload for Built {
    fn into_payload(self) -> Result<Payload, Error> {
        self.0
    }
}
