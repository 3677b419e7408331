//! Sends the message of a future that fails.

use crate::client::Client;
use crate::error::BoxError;
use crate::failure::{describe, failure_of_drop, is_non_retryable};
use crate::panics::{catch_async_panic, failure_of_panic};
use crate::payload::IntoPayload;
use crate::send::request::SendRequest;
use std::any::type_name;
use std::future::{Future, IntoFuture};
use std::panic::{Location, resume_unwind};

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
    /// # Cancellation
    ///
    /// If the future is dropped before `work` has ended, as by a timeout, the message is sent in the background.
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
            let watched = Watched(Some(request), place);
            let result = catch_async_panic(work).await;
            let request = watched.into_request();
            let error: BoxError = match result {
                Ok(Ok(value)) => {
                    request.into_request();
                    return Ok(Some(value));
                }
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
}

/// The message of work under way. It is sent if this is dropped.
struct Watched<'a>(Option<SendRequest<'a>>, &'static Location<'static>);

impl<'a> Watched<'a> {
    fn into_request(mut self) -> SendRequest<'a> {
        self.0.take().expect("it is taken once")
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.0.take() {
            drop(request.failure(failure_of_drop("the work", self.1)).into_future());
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
