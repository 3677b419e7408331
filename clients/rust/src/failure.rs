//! Describes an error as the failure that the service stores.

use crate::bounded_text::{BoundedText, truncate};
use crate::cause_chain::{AsError, MESSAGE_BYTES, error_chain, find_cause, join_messages};
use crate::error::{NonRetryable, RetryAfter};
use crate::error_type::{TYPE_BYTES, type_name};
use crate::panics::catch_panic;
use crate::status_details::StatusDetails;
use crate::v1::{Failure, Reason};
use crate::wire_time::duration_to_wire;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::fmt::{self, Write as _};
use std::io;
use std::panic::Location;
use std::time::Duration;

// Limits of the API.
const STACK_BYTES: usize = 16 * 1024;
const FINGERPRINT_BYTES: usize = 256;

/// Describes an error. `place` is where the program passed it to the client.
pub(crate) fn failure_of<E: AsError + ?Sized>(error: &E, place: &Location<'_>) -> Failure {
    describe(error.as_error(), error.known_type(), place)
}

/// Describes an error in a box. `known` is its type before it was boxed. Its methods are user code and may
/// panic.
pub(crate) fn describe(
    error: &(dyn Error + 'static),
    known: Option<&'static str>,
    place: &Location<'_>,
) -> Failure {
    catch_panic(|| build(error, known, place)).unwrap_or_else(|| Failure {
        r#type: known.unwrap_or("Error").to_owned(),
        message: "an error whose message panics".to_owned(),
        stack_trace: format!("At {place}"),
        ..Failure::default()
    })
}

fn build(error: &(dyn Error + 'static), known: Option<&'static str>, place: &Location<'_>) -> Failure {
    let (known, error) = unwrap(known, error);
    let message = join_messages(String::new(), error_chain(error));
    let status = find_cause::<tonic::Status>(error);
    let mut failure = Failure {
        r#type: truncate(type_name(known, error, &message), TYPE_BYTES),
        message: truncate(message, MESSAGE_BYTES),
        stack_trace: truncate(stack(error, place), STACK_BYTES),
        grpc_code: status.map(|status| status.code() as i32),
        retry_after: status
            .and_then(|status| StatusDetails::of(status).retry.flatten())
            .map(duration_to_wire),
        ..Failure::default()
    };
    if let Some(errno) = find_cause::<io::Error>(error).and_then(io::Error::raw_os_error) {
        failure.attributes.insert("errno".to_owned(), errno.to_string());
    }
    failure
}

/// Describes work whose future is dropped. `name` is what was dropped, e.g. "the service".
pub(crate) fn failure_of_drop(name: &str, place: &Location<'_>) -> Failure {
    let message = format!("{name} was dropped before it ended: its caller has gone, or waits no longer");
    let mut failure = failure_of_text("dropped", message, place);
    failure.set_reason(Reason::UnknownError);
    failure
}

/// Describes a failure that is no error.
pub(crate) fn failure_of_text(name: &str, message: String, place: &Location<'_>) -> Failure {
    Failure {
        r#type: name.to_owned(),
        stack_trace: format!("{message}\n\nAt {place}"),
        message,
        ..Failure::default()
    }
}

/// Returns the sender's own fingerprint, so that the service accepts it.
pub(crate) fn fingerprint_of(given: impl Into<String>) -> String {
    truncate(given.into(), FINGERPRINT_BYTES)
}

/// Returns the wait of a [`RetryAfter`] among the causes.
pub(crate) fn retry_after_of(error: &(dyn Error + 'static)) -> Option<Duration> {
    catch_panic(|| find_cause::<RetryAfter>(error).map(RetryAfter::wait)).flatten()
}

pub(crate) fn is_non_retryable(error: &(dyn Error + 'static)) -> bool {
    catch_panic(|| find_cause::<NonRetryable>(error).is_some()).unwrap_or(false)
}

/// Returns the error inside [`RetryAfter`] and [`NonRetryable`].
fn unwrap<'a>(
    known: Option<&'static str>,
    error: &'a (dyn Error + 'static),
) -> (Option<&'static str>, &'a (dyn Error + 'static)) {
    let inner = error
        .downcast_ref::<RetryAfter>()
        .map(RetryAfter::inner)
        .or_else(|| error.downcast_ref::<NonRetryable>().map(NonRetryable::inner));
    match inner {
        Some((known, inner)) => unwrap(Some(known), inner),
        None => (known, error),
    }
}

/// Returns the causes, the place, the `Debug` text, and with `RUST_BACKTRACE` a backtrace of the place. Rust's
/// errors have no stack.
fn stack(error: &(dyn Error + 'static), place: &Location<'_>) -> String {
    let mut text = BoundedText::new(STACK_BYTES);
    let _ = write_stack(&mut text, error, place); // fails at the limit
    text.into_text()
}

fn write_stack(text: &mut BoundedText, error: &(dyn Error + 'static), place: &Location<'_>) -> fmt::Result {
    write_causes(text, error, place)?;
    write!(text, "\nDebug: {error:?}")?;
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        write!(text, "\n{backtrace}")?;
    }
    Ok(())
}

/// Returns the message, the causes, and the place, for a log. Other fields of the error may hold secrets.
pub(crate) fn causes_text(error: &(dyn Error + 'static), place: &Location<'_>) -> String {
    let mut text = BoundedText::new(STACK_BYTES);
    let _ = write_causes(&mut text, unwrap(None, error).1, place); // fails at the limit
    text.into_text()
}

fn write_causes(text: &mut BoundedText, error: &(dyn Error + 'static), place: &Location<'_>) -> fmt::Result {
    write!(text, "{error}")?;
    for (at, cause) in error_chain(error).skip(1).enumerate() {
        let lead = if at == 0 { "\n\nCaused by:" } else { "" };
        write!(text, "{lead}\n    {at}: {cause}")?;
    }
    write!(text, "\n\nAt {place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug, thiserror::Error)]
    #[error("charging failed")]
    struct OrderError(#[source] io::Error);

    fn order_error() -> OrderError {
        OrderError(io::Error::new(io::ErrorKind::TimedOut, "bank is slow"))
    }

    /// The source of an `io::Error` is that of the error inside.
    #[test]
    fn an_io_error_may_wrap_a_mark() {
        let marked = io::Error::other(NonRetryable::new(order_error()));
        assert!(is_non_retryable(&marked));
        let wait = Duration::from_secs(9);
        let within = io::Error::other(io::Error::other(RetryAfter::new(order_error(), wait)));
        assert_eq!(retry_after_of(&within), Some(wait));
    }

    fn described<E: AsError + ?Sized>(error: &E) -> Failure {
        failure_of(error, Location::caller())
    }

    #[test]
    fn a_failure_has_the_type_message_and_causes() {
        let failure = described(&order_error());
        assert!(
            failure.r#type.ends_with("::OrderError [TimedOut]"),
            "{}",
            failure.r#type
        );
        assert_eq!(failure.message, "charging failed: bank is slow");
        assert!(
            failure.stack_trace.contains("0: bank is slow"),
            "{}",
            failure.stack_trace
        );
        assert!(
            failure.stack_trace.contains("failure.rs"),
            "{}",
            failure.stack_trace
        );
    }

    #[test]
    fn the_type_of_a_common_boxed_error_is_recognized() {
        let refused: Box<dyn Error + Send + Sync> = io::Error::from_raw_os_error(111).into();
        let failure = described(&*refused);
        assert_eq!(failure.r#type, "std::io::error::Error");
        assert_eq!(failure.attributes["errno"], "111");
        let boxed: Box<dyn Error + Send + Sync> = order_error().into();
        assert_eq!(described(&*boxed).r#type, "OrderError [TimedOut]");
    }

    #[test]
    fn a_wrapped_error_is_described_itself() {
        let error = RetryAfter::new(order_error(), Duration::from_secs(5));
        let failure = described(&error);
        assert!(
            failure.r#type.ends_with("::OrderError [TimedOut]"),
            "{}",
            failure.r#type
        );
        assert_eq!(failure.message, "charging failed: bank is slow");
        assert_eq!(retry_after_of(&error), Some(Duration::from_secs(5)));
        let error = NonRetryable::new("no such order");
        assert!(is_non_retryable(&error));
        assert_eq!(described(&error).message, "no such order");
    }

    #[test]
    fn a_message_that_panics_is_replaced() {
        #[derive(Debug)]
        struct Broken;
        impl std::fmt::Display for Broken {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("no message")
            }
        }
        impl Error for Broken {}
        let failure = described(&Broken);
        assert!(failure.r#type.ends_with("::Broken"), "{}", failure.r#type);
        assert_eq!(failure.message, "an error whose message panics");
    }

    #[test]
    fn causes_that_panic_are_ignored() {
        #[derive(Debug)]
        struct Around;
        impl std::fmt::Display for Around {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("around")
            }
        }
        impl Error for Around {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                panic!("no causes")
            }
        }
        assert_eq!(retry_after_of(&Around), None);
        assert!(!is_non_retryable(&Around));
        assert!(described(&Around).r#type.ends_with("::Around"));
    }

    #[test]
    fn a_long_debug_text_is_stopped_at_the_limit() {
        static PIECES: AtomicUsize = AtomicUsize::new(0);
        struct Long;
        impl std::fmt::Debug for Long {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for _ in 0..1_000_000 {
                    PIECES.fetch_add(1, Ordering::Relaxed);
                    f.write_str("0123456789")?;
                }
                Ok(())
            }
        }
        impl std::fmt::Display for Long {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self, f)
            }
        }
        impl Error for Long {}
        let failure = described(&*Box::<dyn Error + Send + Sync>::from(Long));
        assert_eq!(failure.message.len(), MESSAGE_BYTES + 1);
        assert_eq!(failure.stack_trace.len(), STACK_BYTES + 1);
        let pieces = PIECES.load(Ordering::Relaxed);
        assert!(pieces < 10_000, "{pieces}");
    }

    #[test]
    fn a_status_gives_its_code() {
        let failure = described(&tonic::Status::unavailable("server is shutting down"));
        assert_eq!(failure.grpc_code, Some(14));
    }
}
