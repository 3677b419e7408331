//! What a caller says about a dead letter.

use crate::cause_chain::AsError;
use crate::client::Client;
use crate::durations::{instant_to_wire, to_wire};
use crate::error::{Error, ErrorKind};
use crate::failure::{failure_of, is_non_retryable, retry_after_of};
use crate::panics::unless_it_panics;
use crate::payload::{IntoPayload, made};
use crate::receipt::Receipt;
use crate::retry_policy::RetryPolicy;
use crate::trace_context;
use crate::v1::send_to_dlq_request::FirstRetry;
use crate::v1::{Failure, Origin, Reason, SendToDlqRequest, TraceContext};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;

/// A dead letter and what is said about it. Await it to send it.
///
/// Whether it is kept does not hang on whoever waits: once awaited, it is sent also when that future is
/// dropped, such as by a timeout or when a caller of a web service goes away.
#[must_use = "nothing is sent until it is awaited"]
pub struct SendRequest<'a> {
    client: &'a Client,
    pub(crate) request: SendToDlqRequest,
    pub(crate) is_non_retryable: bool,
    timeout: Option<Duration>,
    wrong: Option<Error>,
}

impl<'a> SendRequest<'a> {
    pub(crate) fn new(client: &'a Client, queue: String, payload: impl IntoPayload) -> Self {
        let mut request = SendToDlqRequest {
            request_id: format!("{:032x}", rand::random::<u128>()),
            queue,
            origin: client.origin(),
            trace_context: trace_context::current().and_then(trace_context::bounded),
            ..SendToDlqRequest::default()
        };
        let mut wrong = None;
        match made(|| payload) {
            Ok(payload) => request.payload = Some(payload.into_wire()),
            Err(error) => wrong = Some(error),
        }
        Self {
            client,
            request,
            is_non_retryable: false,
            timeout: None,
            wrong,
        }
    }

    /// Why processing failed: the error, its causes, and what they ask for.
    #[track_caller]
    pub fn error<E: AsError + ?Sized>(self, error: &E) -> Self {
        self.error_at(error, Location::caller())
    }

    pub(crate) fn error_at<E: AsError + ?Sized>(mut self, error: &E, place: &Location<'_>) -> Self {
        let found = error.as_error();
        self.is_non_retryable = is_non_retryable(found);
        let reason = self.request.failure.take().map_or(0, |failure| failure.reason);
        let mut failure = failure_of(error, place);
        failure.reason = reason;
        if self.is_non_retryable && reason == 0 {
            failure.set_reason(Reason::PoisonMessage);
        }
        self.request.failure = Some(failure);
        if let (None, Some(wait)) = (&self.request.first_retry, retry_after_of(found)) {
            self.request.first_retry = Some(FirstRetry::Delay(crate::durations::wait_to_wire(wait)));
        }
        self
    }

    /// Why processing failed, in the contract's own terms.
    pub fn failure(mut self, failure: Failure) -> Self {
        self.request.failure = Some(failure);
        self
    }

    /// Why it failed, if you know; else the service reads it from the error.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.request.failure.get_or_insert_default().set_reason(reason);
        self
    }

    /// Your own identity of the message. Poison detection counts the sends of one source id.
    pub fn source_id(mut self, id: impl Into<String>) -> Self {
        self.request.source_id = id.into();
        self
    }

    /// Sends of one key and payload within the dedup window join one message.
    pub fn dedup_key(mut self, key: impl Into<String>) -> Self {
        self.request.dedup_key = key.into();
        self
    }

    /// Where the queue has `ordering`, messages of one key are delivered one at a time, in their order.
    pub fn ordering_key(mut self, key: impl Into<String>) -> Self {
        self.request.ordering_key = key.into();
        self
    }

    /// A header of the message.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.attributes.insert(name.into(), value.into());
        self
    }

    /// Headers of the message.
    pub fn attributes<N: Into<String>, V: Into<String>>(
        mut self,
        all: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.request
            .attributes
            .extend(all.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// A media type; `application/json` where the payload was made JSON.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.request.payload.get_or_insert_default().content_type = media_type.into();
        self
    }

    /// First retry this long from now; at most 365 days. Default: what the error asks for, else the
    /// policy's.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.request.first_retry = Some(FirstRetry::Delay(to_wire(delay)));
        self
    }

    /// First retry then.
    pub fn due_time(mut self, time: SystemTime) -> Self {
        self.request.first_retry = Some(FirstRetry::DueTime(instant_to_wire(time)));
        self
    }

    /// Time to live from now or from the due time. Default: the queue's (24 h).
    pub fn ttl(mut self, time: Duration) -> Self {
        self.request.ttl = Some(to_wire(time));
        self
    }

    /// Failed attempts after which the message is quarantined; wins over every policy.
    pub const fn max_retries(mut self, count: u32) -> Self {
        self.request.max_retries = Some(count);
        self
    }

    /// Wins over the policies of the queue and of the reason.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.request.retry_policy = Some(policy.into());
        self
    }

    /// -100 to 100, larger is sooner.
    pub const fn priority(mut self, priority: i32) -> Self {
        self.request.priority = priority;
        self
    }

    /// Where the message is in your system, e.g. `topic`, `partition`, `offset`.
    pub fn coordinate(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        let origin = self.request.origin.get_or_insert_with(Origin::default);
        if let Some(value) = unless_it_panics(|| value.to_string()) {
            origin.coordinates.insert(name.into(), value);
        }
        self
    }

    /// W3C Trace Context that the retries belong to. Default, with the feature `opentelemetry`: of the
    /// current context. What is longer than the service takes is left out: 128 bytes, of the state 512.
    pub fn trace_context(mut self, traceparent: impl Into<String>, tracestate: impl Into<String>) -> Self {
        self.request.trace_context = trace_context::bounded(TraceContext {
            traceparent: traceparent.into(),
            tracestate: tracestate.into(),
        });
        self
    }

    /// Identity of this send, shared by all its tries. Default, also where it is empty: a random one.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        // Without any a try whose answer was lost would be a second message.
        if !id.is_empty() {
            self.request.request_id = id;
        }
        self
    }

    /// How long to try; below 10 min, for which a request id is known. Default: the client's.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl IntoFuture for SendRequest<'_> {
    type Output = Result<Receipt, Error>;
    type IntoFuture = Sending;

    fn into_future(self) -> Sending {
        let Self {
            client,
            request,
            is_non_retryable,
            timeout,
            wrong,
        } = self;
        match wrong {
            Some(error) => client.dropped(error, &request.queue),
            None => client.add(request, is_non_retryable, timeout),
        }
    }
}

impl fmt::Debug for SendRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRequest")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// A send under way. It goes on when this is dropped.
#[derive(Debug)]
#[must_use = "it tells whether the message is kept"]
pub struct Sending(State);

#[derive(Debug)]
enum State {
    Known(Option<Result<Receipt, Error>>),
    Waits(oneshot::Receiver<Result<Receipt, Error>>),
}

impl Sending {
    pub(crate) const fn known(result: Result<Receipt, Error>) -> Self {
        Self(State::Known(Some(result)))
    }

    pub(crate) const fn waiting(result: oneshot::Receiver<Result<Receipt, Error>>) -> Self {
        Self(State::Waits(result))
    }
}

impl Future for Sending {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Known(result) => Poll::Ready(result.take().expect("polled after it was ready")),
            State::Waits(result) => Pin::new(result).poll(context).map(|received| {
                received.unwrap_or_else(|_| {
                    let words = "the runtime was shut down before this was sent";
                    Err(Error::new(ErrorKind::Closed, words).maybe_stored_if(true))
                })
            }),
        }
    }
}
