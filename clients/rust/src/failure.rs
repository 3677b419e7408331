//! What is known of an error, as the service categorizes it.

use crate::bounded_text::{BoundedText, cut};
use crate::cause_chain::{AsError, MESSAGE_BYTES, chain, find, joined};
use crate::durations::to_wire;
use crate::error::{NonRetryable, RetryAfter};
use crate::error_type::{TYPE_BYTES, type_name};
use crate::panics::unless_it_panics;
use crate::status_details::StatusDetails;
use crate::v1::Failure;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::fmt::{self, Write as _};
use std::io;
use std::panic::Location;
use std::time::Duration;

// A limit of the contract; what is longer is cut by one byte more, so that the server flags it.
const STACK_BYTES: usize = 16 * 1024;

/// Of anything that is an error; `place` is where it was handed over.
pub(crate) fn failure_of<E: AsError + ?Sized>(error: &E, place: &Location<'_>) -> Failure {
    describe(error.as_error(), error.known_type(), place)
}

/// Of an error in a box, of which the compiler may still know what it was. Its words are somebody's
/// code: a panic there must not cost the message.
pub(crate) fn describe(
    error: &(dyn Error + 'static),
    known: Option<&'static str>,
    place: &Location<'_>,
) -> Failure {
    unless_it_panics(|| read(error, known, place)).unwrap_or_else(|| Failure {
        r#type: known.unwrap_or("Error").to_owned(),
        message: "an error whose words panic".to_owned(),
        stack_trace: format!("At {place}"),
        ..Failure::default()
    })
}

fn read(error: &(dyn Error + 'static), known: Option<&'static str>, place: &Location<'_>) -> Failure {
    let (known, error) = unwrapped(known, error);
    let words = joined(String::new(), chain(error));
    let status = find::<tonic::Status>(error);
    let mut failure = Failure {
        r#type: cut(type_name(known, error, &words), TYPE_BYTES),
        message: cut(words, MESSAGE_BYTES),
        stack_trace: cut(stack(error, place), STACK_BYTES),
        grpc_code: status.map(|status| status.code() as i32),
        retry_after: status
            .and_then(|status| StatusDetails::of(status).retry.flatten())
            .map(to_wire),
        ..Failure::default()
    };
    if let Some(errno) = find::<io::Error>(error).and_then(io::Error::raw_os_error) {
        failure.attributes.insert("errno".to_owned(), errno.to_string());
    }
    failure
}

/// When to come back, by the error's own word.
pub(crate) fn retry_after_of(error: &(dyn Error + 'static)) -> Option<Duration> {
    unless_it_panics(|| find::<RetryAfter>(error).map(RetryAfter::wait)).flatten()
}

pub(crate) fn is_non_retryable(error: &(dyn Error + 'static)) -> bool {
    unless_it_panics(|| find::<NonRetryable>(error).is_some()).unwrap_or(false)
}

/// The service is told of the error itself, not of what this client wraps around it.
fn unwrapped<'a>(
    known: Option<&'static str>,
    error: &'a (dyn Error + 'static),
) -> (Option<&'static str>, &'a (dyn Error + 'static)) {
    let inner = error
        .downcast_ref::<RetryAfter>()
        .map(RetryAfter::wrapped)
        .or_else(|| error.downcast_ref::<NonRetryable>().map(NonRetryable::wrapped));
    match inner {
        Some((known, inner)) => unwrapped(Some(known), inner),
        None => (known, error),
    }
}

/// Rust's errors know no stack: their causes, where they were handed over, what `Debug` shows, and a
/// backtrace of that place where `RUST_BACKTRACE` asks for one.
fn stack(error: &(dyn Error + 'static), place: &Location<'_>) -> String {
    let mut text = BoundedText::new(STACK_BYTES);
    let _ = write_stack(&mut text, error, place); // in full, or as much as is wanted
    text.into_text()
}

fn write_stack(text: &mut BoundedText, error: &(dyn Error + 'static), place: &Location<'_>) -> fmt::Result {
    write!(text, "{error}")?;
    for (at, cause) in chain(error).skip(1).enumerate() {
        let lead = if at == 0 { "\n\nCaused by:" } else { "" };
        write!(text, "{lead}\n    {at}: {cause}")?;
    }
    write!(text, "\n\nAt {place}\nDebug: {error:?}")?;
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        write!(text, "\n{backtrace}")?;
    }
    Ok(())
}

/// For a server's limits and for memory alike.
pub(crate) fn bytes_of(failure: &Failure) -> usize {
    prost::Message::encoded_len(failure)
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

    fn described<E: AsError + ?Sized>(error: &E) -> Failure {
        failure_of(error, Location::caller())
    }

    #[test]
    fn tells_type_words_and_causes() {
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
    fn knows_common_errors_in_a_box() {
        let refused: Box<dyn Error + Send + Sync> = io::Error::from_raw_os_error(111).into();
        let failure = described(&*refused);
        assert_eq!(failure.r#type, "std::io::error::Error");
        assert_eq!(failure.attributes["errno"], "111");
        let boxed: Box<dyn Error + Send + Sync> = order_error().into();
        assert_eq!(described(&*boxed).r#type, "OrderError [TimedOut]");
    }

    #[test]
    fn says_what_is_wrapped() {
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
    fn words_that_panic_cost_the_words_only() {
        #[derive(Debug)]
        struct Broken;
        impl std::fmt::Display for Broken {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("no words")
            }
        }
        impl Error for Broken {}
        let failure = described(&Broken);
        assert!(failure.r#type.ends_with("::Broken"), "{}", failure.r#type);
        assert_eq!(failure.message, "an error whose words panic");
    }

    #[test]
    fn causes_that_panic_ask_for_nothing() {
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
    fn what_shows_a_whole_message_is_stopped_at_the_bound() {
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
    fn reads_a_status() {
        let failure = described(&tonic::Status::unavailable("server is shutting down"));
        assert_eq!(failure.grpc_code, Some(14));
    }
}
