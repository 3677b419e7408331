//! Log lines.

use crate::panics::catch_panic;
use crate::sent_by::as_in_callback;
use std::fmt;
use std::io::{Write as _, stderr};
use tracing::Dispatch;
use tracing::dispatcher::get_default;
use tracing::subscriber::NoSubscriber;

/// Logs a line by `tracing`, or on standard error if the program has no subscriber: nobody else would say why
/// messages wait or are dropped.
macro_rules! log {
    ($level:ident, { $($fields:tt)* }, $($line:tt)+) => {{
        crate::log::write(|| {
            tracing::$level!({ $($fields)* }, $($line)+);
            crate::log::write_if_unheard(format_args!($($line)+));
        });
    }};
    ($level:ident, $($line:tt)+) => {{
        crate::log::write(|| {
            tracing::$level!($($line)+);
            crate::log::write_if_unheard(format_args!($($line)+));
        });
    }};
}
pub(crate) use log;

/// A subscriber that sends messages, or panics, has no other effect.
pub(crate) fn write(line: impl FnOnce()) {
    catch_panic(|| as_in_callback(line));
}

pub(crate) fn write_if_unheard(line: fmt::Arguments<'_>) {
    if get_default(Dispatch::is::<NoSubscriber>) {
        let _ = writeln!(stderr(), "dlq: {line}");
    }
}
