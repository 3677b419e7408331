//! What is known of an error, as the service categorizes it.

use crate::cause_chain::{AsError, chain, find, joined};
use crate::durations::to_wire;
use crate::error::{NonRetryable, RetryAfter};
use crate::status_details::StatusDetails;
use crate::v1::Failure;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::time::Duration;

// Limits of the contract; what is longer is cut by one byte more, so that the server flags it.
const TYPE_BYTES: usize = 512;
const MESSAGE_BYTES: usize = 4 * 1024;
const STACK_BYTES: usize = 16 * 1024;

/// Names that say nothing: what is inside such a box is known by its words.
const BOXES: [&str; 4] = [
    "dyn core::error::Error",
    "dyn std::error::Error",
    "anyhow::Error",
    "eyre::Report",
];
/// What a program's own I/O error may be of without a word of it.
const TELLING_KINDS: [io::ErrorKind; 4] = [
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::ConnectionRefused,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::TimedOut,
];
/// Types that what is no error of its own became on its way.
const TEXTS: [&str; 2] = ["&str", "alloc::string::String"];

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
    catch_unwind(AssertUnwindSafe(|| read(error, known, place))).unwrap_or_else(|_| Failure {
        r#type: known.unwrap_or("Error").to_owned(),
        message: "an error whose words panic".to_owned(),
        stack_trace: format!("At {place}"),
        ..Failure::default()
    })
}

fn read(error: &(dyn Error + 'static), known: Option<&'static str>, place: &Location<'_>) -> Failure {
    let (known, error) = unwrapped(known, error);
    let status = find::<tonic::Status>(error);
    let mut failure = Failure {
        r#type: cut(type_name(known, error), TYPE_BYTES),
        message: cut(words(error), MESSAGE_BYTES),
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
    find::<RetryAfter>(error).map(RetryAfter::wait)
}

pub(crate) fn is_non_retryable(error: &(dyn Error + 'static)) -> bool {
    find::<NonRetryable>(error).is_some()
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

/// `shop::OrderError`, `shop::OrderError [TimedOut]`: the path of the type, as the compiler names it; and
/// the kind of the first I/O error among the causes, where that decides on the retries and the words do
/// not say it.
fn type_name(known: Option<&'static str>, error: &(dyn Error + 'static)) -> String {
    let is_box = |name: &str| BOXES.iter().any(|inside| name.contains(inside));
    let name = match known {
        Some(name) if TEXTS.contains(&name) => "Error".to_owned(),
        Some(name) if !is_box(name) => name.to_owned(),
        _ => type_of_common(error).unwrap_or_else(|| type_by_debug(error)),
    };
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(kind) if TELLING_KINDS.contains(&kind) && !says(&words(error), kind) => {
            format!("{name} [{kind:?}]")
        }
        _ => name,
    }
}

/// Of the system's errors: "Connection refused (os error 111)".
fn says(words: &str, kind: io::ErrorKind) -> bool {
    words.to_ascii_lowercase().contains(&kind.to_string())
}

/// Errors of which many are boxed, and that are known by their type.
fn type_of_common(error: &(dyn Error + 'static)) -> Option<String> {
    macro_rules! one_of {
        ($($kind:ty),* $(,)?) => {
            $(if error.is::<$kind>() {
                return Some(std::any::type_name::<$kind>().to_owned());
            })*
        };
    }
    one_of!(
        io::Error,
        tonic::Status,
        tonic::transport::Error,
        tokio::time::error::Elapsed,
        tokio::task::JoinError,
        serde_json::Error,
        std::num::ParseIntError,
        std::num::ParseFloatError,
        std::num::TryFromIntError,
        std::str::Utf8Error,
        std::string::FromUtf8Error,
    );
    None
}

/// What `#[derive(Debug)]` begins with: the name of a struct, or of an enum's variant.
fn type_by_debug(error: &(dyn Error + 'static)) -> String {
    let debug = format!("{error:?}");
    let end = debug
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
        .unwrap_or(debug.len());
    let name = debug[..end].trim_end_matches(':');
    if name.starts_with(char::is_uppercase) {
        name.to_owned()
    } else {
        "Error".to_owned()
    }
}

/// The error's words and those of its causes.
fn words(error: &(dyn Error + 'static)) -> String {
    joined(String::new(), chain(error))
}

/// Rust's errors know no stack: their causes, where they were handed over, what `Debug` shows, and a
/// backtrace of that place where `RUST_BACKTRACE` asks for one.
fn stack(error: &(dyn Error + 'static), place: &Location<'_>) -> String {
    let mut text = error.to_string();
    for (at, cause) in chain(error).skip(1).enumerate() {
        let lead = if at == 0 { "\n\nCaused by:" } else { "" };
        let _ = write!(text, "{lead}\n    {at}: {cause}");
    }
    let _ = write!(text, "\n\nAt {place}\nDebug: {error:?}");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        let _ = write!(text, "\n{backtrace}");
    }
    text
}

/// Cut at a character, so that the server still sees that there was more.
pub(crate) fn cut(mut text: String, most_bytes: usize) -> String {
    if text.len() > most_bytes {
        let end = (0..=most_bytes + 1)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0);
        // A character that does not fit takes the rest with it; one byte more says that it was there.
        text.truncate(end);
        if text.len() <= most_bytes {
            text.push_str(&".".repeat(most_bytes + 1 - text.len()));
        }
    }
    text
}

/// For a server's limits and for memory alike.
pub(crate) fn bytes_of(failure: &Failure) -> usize {
    prost::Message::encoded_len(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn reads_a_status() {
        let failure = described(&tonic::Status::unavailable("server is shutting down"));
        assert_eq!(failure.grpc_code, Some(14));
    }

    #[test]
    fn cuts_within_no_character() {
        assert_eq!(cut("ää".to_owned(), 4), "ää");
        let short = cut("äää".to_owned(), 4);
        assert_eq!(short.len(), 5);
        assert!(short.starts_with("ää"), "{short}");
    }
}
