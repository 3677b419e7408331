//! The builder of a send.

use crate::builder::MAX_TIMEOUT;
use crate::cause_chain::AsError;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::failure::{failure_of, fingerprint_of, is_non_retryable, retry_after_of};
use crate::panics::catch_panic;
use crate::payload::{IntoPayload, build_payload};
use crate::receipt::Receipt;
use crate::retry_policy::RetryPolicy;
use crate::send::send_report::SendReport;
use crate::send::sending::Sending;
use crate::telemetry::{CurrentContext, SendSpan};
use crate::trace_context;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::{Failure, Origin, Reason, SendToDlqRequest, TraceContext};
use crate::wire_time::{duration_to_wire, timestamp_to_wire};
use crate::worker::lease::Lease;
use std::fmt;
use std::future::IntoFuture;
use std::mem::take;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A message to send, with its failure and options. Await it to send it: otherwise it is dropped as
/// [`ErrorKind::Aborted`].
///
/// Once awaited, the send continues even if its future is dropped, as by a timeout or when the caller of a web
/// service disconnects.
#[must_use = "nothing is sent until it is awaited"]
pub struct SendRequest<'a> {
    client: &'a Client,
    pub(crate) request: SendToDlqRequest,
    pub(crate) is_non_retryable: bool,
    /// The delivery that has the payload.
    delivery: Option<Arc<Lease>>,
    timeout: Option<Duration>,
    /// In which its span begins.
    context: CurrentContext,
    /// The program has set the trace context of the message.
    has_trace_context: bool,
    error: Option<Error>,
    is_awaited: bool,
}

impl<'a> SendRequest<'a> {
    pub(crate) fn new(client: &'a Client, queue: String, payload: impl IntoPayload) -> Self {
        let mut request = SendToDlqRequest {
            request_id: format!("{:032x}", rand::random::<u128>()),
            queue,
            origin: client.origin(),
            ..SendToDlqRequest::default()
        };
        let mut error = request.queue.is_empty().then(Error::queue_without_name);
        let mut delivery = None;
        match build_payload(|| payload) {
            Ok(payload) => {
                let (wire, its_delivery) = payload.into_parts();
                (request.payload, delivery) = (Some(wire), its_delivery);
            }
            Err(invalid) => error = Some(invalid),
        }
        Self {
            client,
            request,
            is_non_retryable: false,
            delivery,
            timeout: None,
            context: CurrentContext::get(),
            has_trace_context: false,
            error,
            is_awaited: false,
        }
    }

    /// Takes the message out of a send that is not to be sent.
    pub(crate) fn into_request(mut self) -> SendToDlqRequest {
        self.is_awaited = true;
        take(&mut self.request)
    }

    fn start_report(&mut self) -> (SendReport, Option<TraceContext>) {
        let (span, trace) = SendSpan::start(take(&mut self.context), &self.request.queue);
        (SendReport::new(span, self.delivery.take()), trace)
    }

    /// Sets the failure: the error, its causes, and its `RetryAfter` or `NonRetryable`.
    #[track_caller]
    pub fn error<E: AsError + ?Sized>(self, error: &E) -> Self {
        self.error_at(error, Location::caller())
    }

    pub(crate) fn error_at<E: AsError + ?Sized>(mut self, error: &E, place: &Location<'_>) -> Self {
        let found = error.as_error();
        self.is_non_retryable = is_non_retryable(found);
        let earlier = self.request.failure.take().unwrap_or_default();
        let mut failure = failure_of(error, place);
        failure.reason = earlier.reason;
        failure.fingerprint = earlier.fingerprint;
        if self.is_non_retryable && failure.reason == 0 {
            failure.set_reason(Reason::PoisonMessage);
        }
        self.request.failure = Some(failure);
        if let (None, Some(wait)) = (&self.request.first_retry, retry_after_of(found)) {
            self.request.first_retry = Some(FirstRetry::Delay(crate::wire_time::retry_wait_to_wire(wait)));
        }
        self
    }

    /// Sets the failure, in the terms of the API.
    pub fn failure(mut self, failure: Failure) -> Self {
        self.request.failure = Some(failure);
        self
    }

    /// Sets the reason of the failure. Default: the service derives it from the error.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.request.failure.get_or_insert_default().set_reason(reason);
        self
    }

    /// Sets the fingerprint of the failure, such as `card-declined`: failures with the same one are one group. It replaces
    /// the one that the service forms of reason, type, message and frame. Up to 256 bytes; a longer one is cut.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.request.failure.get_or_insert_default().fingerprint = fingerprint_of(fingerprint);
        self
    }

    /// Sets your own id of the message. Poison detection counts the sends of one source id.
    pub fn source_id(mut self, id: impl Into<String>) -> Self {
        self.request.source_id = id.into();
        self
    }

    /// Sends with the same key and payload within the dedup window join one message.
    pub fn dedup_key(mut self, key: impl Into<String>) -> Self {
        self.request.dedup_key = key.into();
        self
    }

    /// In a queue with `ordering`, messages of one key are delivered one at a time, in order.
    pub fn ordering_key(mut self, key: impl Into<String>) -> Self {
        self.request.ordering_key = key.into();
        self
    }

    /// Adds a header.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.attributes.insert(name.into(), value.into());
        self
    }

    /// Adds headers.
    pub fn attributes<N: Into<String>, V: Into<String>>(
        mut self,
        all: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.request
            .attributes
            .extend(all.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sets the media type. Default: `application/json` for JSON, else none.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.request.payload.get_or_insert_default().content_type = media_type.into();
        self
    }

    /// Sets the delay of the first retry, at most 365 days. Default: that of a `RetryAfter` error, else the
    /// policy's.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.request.first_retry = Some(FirstRetry::Delay(duration_to_wire(delay)));
        self
    }

    /// Sets the time of the first retry.
    pub fn due_time(mut self, time: SystemTime) -> Self {
        self.request.first_retry = Some(FirstRetry::DueTime(timestamp_to_wire(time)));
        self
    }

    /// Sets the time to live from now or from the due time. Default: the queue's (24 h).
    pub fn ttl(mut self, time: Duration) -> Self {
        self.request.ttl = Some(duration_to_wire(time));
        self
    }

    /// Sets how many failed attempts quarantine the message. Overrides every policy.
    pub const fn max_retries(mut self, count: u32) -> Self {
        self.request.max_retries = Some(count);
        self
    }

    /// Sets the retry policy. Overrides those of the queue and of the reason.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.request.retry_policy = Some(policy.into());
        self
    }

    /// Sets the priority, -100 to 100. Larger is sooner. Default 0.
    pub const fn priority(mut self, priority: i32) -> Self {
        self.request.priority = priority;
        self
    }

    /// Adds where the message came from in your system, e.g. `topic`, `partition`, `offset`.
    pub fn coordinate(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        let origin = self.request.origin.get_or_insert_with(Origin::default);
        if let Some(value) = catch_panic(|| value.to_string()) {
            origin.coordinates.insert(name.into(), value);
        }
        self
    }

    /// Sets the W3C Trace Context of the retries. Default: that of the send's span, or the current one, with the
    /// feature `opentelemetry`, else none. A `traceparent` longer than 128 bytes or a `tracestate` longer than 512 is
    /// left out.
    pub fn trace_context(mut self, traceparent: impl Into<String>, tracestate: impl Into<String>) -> Self {
        self.has_trace_context = true;
        self.request.trace_context = trace_context::without_oversized(TraceContext {
            traceparent: traceparent.into(),
            tracestate: tracestate.into(),
        });
        self
    }

    /// Sets the id of this send, shared by all its tries. Default, also for an empty one: a random id.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        // Without an id, a retry after a lost answer would create a second message.
        if !id.is_empty() {
            self.request.request_id = id;
        }
        self
    }

    /// Sets how long to try: below 10 min, for which the service recognizes a request id. Default: the client's
    /// timeout.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout.min(MAX_TIMEOUT));
        self
    }
}

impl IntoFuture for SendRequest<'_> {
    type Output = Result<Receipt, Error>;
    type IntoFuture = Sending;

    fn into_future(mut self) -> Sending {
        let (report, trace) = self.start_report();
        if !self.has_trace_context {
            self.request.trace_context = trace.and_then(trace_context::without_oversized);
        }
        let (client, is_non_retryable, timeout) = (self.client, self.is_non_retryable, self.timeout);
        match self.error.take() {
            Some(error) => client.drop_send(error, &self.into_request(), report),
            None => client.add(self.into_request(), is_non_retryable, timeout, report),
        }
    }
}

impl Drop for SendRequest<'_> {
    /// Reports a send that was not awaited, as in `let _ = client.send(…)`.
    fn drop(&mut self) {
        if self.is_awaited || std::thread::panicking() {
            return;
        }
        let message = "the send was never awaited, and nothing was sent; await it";
        let error = Error::new(ErrorKind::Aborted, message);
        let (report, _) = self.start_report();
        drop(self.client.drop_send(error, &self.request, report));
    }
}

impl fmt::Debug for SendRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRequest")
            .field("request", &self.request)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
