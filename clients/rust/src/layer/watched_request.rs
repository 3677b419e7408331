//! A request that is sent if its service fails.

use crate::client::Client;
use crate::failure::{failure_of_drop, failure_of_text};
use crate::layer::service_error::ServiceError;
use crate::panics::{catch_and_log, failure_of_panic};
use crate::send::request::SendRequest;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::{Failure, Reason};
use http::Response;
use http::header::RETRY_AFTER;
use std::any::Any;
use std::future::IntoFuture;
use std::panic::Location;

type Build = Box<dyn for<'a> FnOnce(&'a Client) -> SendRequest<'a> + Send>;

/// A request under way. Unless it succeeds, it is sent when it is dropped.
pub(super) struct WatchedRequest {
    client: Client,
    /// Builds the message. `None` after success.
    build: Option<Build>,
    failure: Failure,
    first_retry: Option<FirstRetry>,
    place: &'static Location<'static>,
}

impl WatchedRequest {
    pub(super) fn new(
        client: Client,
        place: &'static Location<'static>,
        build: impl for<'a> FnOnce(&'a Client) -> SendRequest<'a> + Send + 'static,
    ) -> Self {
        Self {
            client,
            build: Some(Box::new(build)),
            failure: failure_of_drop("the service", place),
            first_retry: None,
            place,
        }
    }

    pub(super) fn has_succeeded(&mut self) {
        self.build = None;
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.build.is_some()
    }

    pub(super) fn has_error<E: ServiceError<K>, K>(&mut self, error: &E) {
        let described = error
            .add_to(self.client.send_request("", ""), self.place)
            .into_request();
        self.failure = described.failure.unwrap_or_default();
        self.first_retry = described.first_retry;
    }

    pub(super) fn has_panic(&mut self, panic: &(dyn Any + Send)) {
        self.failure = failure_of_panic(panic, "the service", self.place);
    }

    /// Describes an answer with a status of 5xx.
    pub(super) fn has_answer<B>(&mut self, answer: &Response<B>) {
        let status = answer.status();
        let message = format!("the service answered with HTTP status {status}");
        self.failure = failure_of_text("HTTP answer", message, self.place);
        self.failure.http_status = Some(i32::from(status.as_u16()));
        if status == http::StatusCode::INTERNAL_SERVER_ERROR {
            self.failure.set_reason(Reason::ExecutionFailed);
        }
        if let Some(wait) = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|wait| wait.to_str().ok())
        {
            let attributes = &mut self.failure.attributes;
            attributes.insert("retry-after".to_owned(), wait.to_owned());
        }
    }
}

impl Drop for WatchedRequest {
    /// The send continues in the background.
    fn drop(&mut self) {
        let Some(build) = self.build.take() else { return };
        catch_and_log("a dead letter layer", || {
            let mut send = build(&self.client);
            send.request.failure = Some(std::mem::take(&mut self.failure));
            send.request.first_retry = send.request.first_retry.take().or(self.first_retry.take());
            drop(send.into_future());
        });
    }
}
