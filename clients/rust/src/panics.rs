//! Panics of code that is not this crate's.

use crate::bounded_text::{cut, written};
use crate::cause_chain::MESSAGE_BYTES;
use crate::v1::Failure;
use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What somebody's code has panicked with.
pub(crate) type Panic = Box<dyn Any + Send>;

/// A panic of `work` is an error of it, and not the end of the task that it runs in.
pub(crate) async fn guarded<F: Future>(work: F) -> Result<F::Output, Panic> {
    let mut work = pin!(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// What somebody's error says of itself.
pub(crate) fn unless_it_panics<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

/// Of a panic as the reason why a message was not processed; `who` is "the handler", for one.
pub(crate) fn failure_of_panic(panic: &(dyn Any + Send), who: &str, place: &Location<'_>) -> Failure {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or_default();
    let message = written(
        format_args!("{who} panicked with message \"{words}\""),
        MESSAGE_BYTES,
    );
    Failure {
        r#type: "panic".to_owned(),
        message: cut(message, MESSAGE_BYTES),
        stack_trace: format!("{who} panicked\n\nAt {place}"),
        ..Failure::default()
    }
}
