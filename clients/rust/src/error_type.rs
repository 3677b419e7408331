//! What an error's type is called.

use crate::bounded_text::written;
use crate::cause_chain::find;
use std::error::Error;
use std::io;

/// A limit of the contract.
pub(crate) const TYPE_BYTES: usize = 512;
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

/// `shop::OrderError`, `shop::OrderError [TimedOut]`: the path of the type, as the compiler names it; and
/// the kind of the first I/O error among the causes, where that decides on the retries and the words do
/// not say it. `words` are those of the error and its causes.
pub(crate) fn type_name(known: Option<&'static str>, error: &(dyn Error + 'static), words: &str) -> String {
    let is_box = |name: &str| BOXES.iter().any(|inside| name.contains(inside));
    let name = match known {
        Some(name) if TEXTS.contains(&name) => "Error".to_owned(),
        Some(name) if !is_box(name) => name.to_owned(),
        _ => type_of_common(error).unwrap_or_else(|| type_by_debug(error)),
    };
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(kind) if TELLING_KINDS.contains(&kind) && !says(words, kind) => {
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
    let debug = written(format_args!("{error:?}"), TYPE_BYTES);
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
