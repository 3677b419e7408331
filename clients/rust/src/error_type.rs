//! The type name of an error.

use crate::bounded_text::format_bounded;
use crate::cause_chain::find_cause;
use std::error::Error;
use std::io;

/// Limit of the API.
pub(crate) const TYPE_BYTES: usize = 512;
/// Names of boxes, which do not name the error inside.
const BOXES: [&str; 4] = [
    "dyn core::error::Error",
    "dyn std::error::Error",
    "anyhow::Error",
    "eyre::Report",
];
/// I/O error kinds that decide on the reason, and that the message of a program's own error may not name.
const DECISIVE_KINDS: [io::ErrorKind; 4] = [
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::ConnectionRefused,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::TimedOut,
];
/// Types of plain text that was converted to an error.
const TEXTS: [&str; 2] = ["&str", "alloc::string::String"];

/// Returns the path of the type, e.g. `shop::OrderError`. Adds the kind of the first I/O error among the causes,
/// e.g. `shop::OrderError [TimedOut]`, if it decides on the reason and `message` does not name it. `message` is
/// that of the error and its causes.
pub(crate) fn type_name(known: Option<&'static str>, error: &(dyn Error + 'static), message: &str) -> String {
    let is_box = |name: &str| BOXES.iter().any(|inside| name.contains(inside));
    let name = match known {
        Some(name) if TEXTS.contains(&name) => "Error".to_owned(),
        Some(name) if !is_box(name) => name.to_owned(),
        _ => type_of_common(error).unwrap_or_else(|| type_by_debug(error)),
    };
    match find_cause::<io::Error>(error).map(io::Error::kind) {
        Some(kind) if DECISIVE_KINDS.contains(&kind) && !names(message, kind) => {
            format!("{name} [{kind:?}]")
        }
        _ => name,
    }
}

/// Reports whether a message names the kind, as "Connection refused (os error 111)" does.
fn names(message: &str, kind: io::ErrorKind) -> bool {
    message.to_ascii_lowercase().contains(&kind.to_string())
}

/// Returns the type of an error that is often boxed.
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

/// Returns the beginning of a derived `Debug` text: the name of a struct or of an enum's variant.
fn type_by_debug(error: &(dyn Error + 'static)) -> String {
    let debug = format_bounded(format_args!("{error:?}"), TYPE_BYTES);
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
