//! Wraps work whose message is sent when it fails.

use crate::client::Client;
use crate::error::BoxError;
use crate::failure::{describe, is_non_retryable};
use crate::panics::{failure_of_panic, guarded};
use crate::payload::IntoPayload;
use crate::send::request::SendRequest;
use std::any::type_name;
use std::future::Future;
use std::panic::{Location, resume_unwind};

impl Client {
    /// Does `work` on a message; when that fails, the message goes to `queue` with the error. Gives
    /// what `work` gives, or `None` if it failed and the message is kept, by the service or on this
    /// machine's disk. If it could not be kept, gives the error of `work` itself, so that whoever called
    /// keeps the message. A panic of `work` is a failure, too; it goes on if the message could not be kept.
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
        let letter = self.letter(queue, payload);
        async move {
            let error: BoxError = match guarded(work).await {
                Ok(Ok(given)) => return Ok(Some(given)),
                Ok(Err(error)) => error.into(),
                Err(panic) => {
                    let failure = failure_of_panic(&*panic, "the work", place);
                    return match letter.failure(failure).await {
                        Ok(receipt) if receipt.is_kept() => Ok(None),
                        _ => resume_unwind(panic),
                    };
                }
            };
            match letter.boxed_error::<E>(&error, place).await {
                Ok(receipt) if receipt.is_kept() => Ok(None),
                _ => Err(error),
            }
        }
    }
}

impl SendRequest<'_> {
    /// Of an error that was an `E` before it was put in a box.
    pub(crate) fn boxed_error<E>(mut self, error: &BoxError, place: &Location<'_>) -> Self {
        self = self.error_at(&**error, place);
        if let Some(failure) = &mut self.request.failure {
            failure.r#type = describe(&**error, Some(type_name::<E>()), place).r#type;
        }
        debug_assert_eq!(self.is_non_retryable, is_non_retryable(&**error));
        self
    }
}
