//! Log lines.

use std::fmt;
use std::io::{Write as _, stderr};
use tracing::Dispatch;
use tracing::dispatcher::get_default;
use tracing::subscriber::NoSubscriber;

/// Logs a line by `tracing`, or on standard error if the program has no subscriber: nobody else would say why
/// messages wait or are dropped. A subscriber that panics has no other effect.
macro_rules! log {
    ($level:ident, { $($fields:tt)* }, $($line:tt)+) => {{
        crate::panics::catch_panic(|| {
            tracing::$level!({ $($fields)* }, $($line)+);
            crate::log::write_if_unheard(format_args!($($line)+));
        });
    }};
    ($level:ident, $($line:tt)+) => {{
        crate::panics::catch_panic(|| {
            tracing::$level!($($line)+);
            crate::log::write_if_unheard(format_args!($($line)+));
        });
    }};
}
pub(crate) use log;

pub(crate) fn write_if_unheard(line: fmt::Arguments<'_>) {
    if get_default(Dispatch::is::<NoSubscriber>) {
        let _ = writeln!(stderr(), "dlq: {line}");
    }
}
