//! Catches panics of user code: handlers, callbacks, layers, payloads and error messages.

use crate::bounded_text::{format_bounded, truncate};
use crate::cause_chain::MESSAGE_BYTES;
use crate::log::log;
use crate::v1::Failure;
use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The value of a panic.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Runs `work` and returns its panic as an error, so that the task continues.
pub(crate) async fn catch_async_panic<F: Future>(work: F) -> Result<F::Output, Panic> {
    let mut work = pin!(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// Returns `None` if `call` panics.
pub(crate) fn catch_panic<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// Calls a user's callback. A panic is logged and has no other effect.
pub(crate) fn catch_and_log(name: &str, call: impl FnOnce()) {
    if catch_panic(call).is_none() {
        log!(error, "{name} panicked");
    }
}

/// Describes a panic as a failure. `name` is what panicked, e.g. "the handler".
pub(crate) fn failure_of_panic(panic: &(dyn Any + Send), name: &str, place: &Location<'_>) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default();
    let message = format_bounded(
        format_args!("{name} panicked with message \"{text}\""),
        MESSAGE_BYTES,
    );
    Failure {
        r#type: "panic".to_owned(),
        message: truncate(message, MESSAGE_BYTES),
        stack_trace: format!("{name} panicked\n\nAt {place}"),
        ..Failure::default()
    }
}
