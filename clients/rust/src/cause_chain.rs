//! An error and its causes.

use crate::bounded_text::format_bounded;
use std::any::type_name;
use std::error::Error;
use std::io;

/// Deeper causes are left out.
const MAX_ERRORS: usize = 16;
/// Limit of the API for the message of a failure.
pub(crate) const MESSAGE_BYTES: usize = 4 * 1024;

/// Any error: a concrete type or a `dyn Error`. For a `Box<dyn Error>` or an `anyhow::Error`, give the inner
/// error: `&*error`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error",
    note = "for a `Box<dyn Error>` or an `anyhow::Error`, give the error inside: `&*error`"
)]
pub trait AsError: sealed::Sealed {
    #[doc(hidden)]
    fn as_error(&self) -> &(dyn Error + 'static);
    /// Returns the name of the type if it is known at compile time.
    #[doc(hidden)]
    fn known_type(&self) -> Option<&'static str>;
}

mod sealed {
    use std::error::Error;

    pub trait Sealed {}
    impl<E: Error + 'static> Sealed for E {}
    impl Sealed for dyn Error + 'static {}
    impl Sealed for dyn Error + Send + 'static {}
    impl Sealed for dyn Error + Send + Sync + 'static {}
}

impl<E: Error + 'static> AsError for E {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }
    fn known_type(&self) -> Option<&'static str> {
        Some(type_name::<E>())
    }
}

macro_rules! of_unknown_type {
    ($($dynamic:ty),*) => {$(
        impl AsError for $dynamic {
            fn as_error(&self) -> &(dyn Error + 'static) {
                self
            }
            fn known_type(&self) -> Option<&'static str> {
                None
            }
        }
    )*};
}
of_unknown_type!(
    dyn Error + 'static,
    dyn Error + Send + 'static,
    dyn Error + Send + Sync + 'static
);

/// Returns the error, then its causes, nearest first.
pub(crate) fn error_chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source()).take(MAX_ERRORS)
}

/// Joins the messages of errors by colons, up to the limit of the API. Skips a cause that the error before it
/// prints itself.
pub(crate) fn join_messages<'a>(
    first: String,
    mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
) -> String {
    let mut joined = first;
    while joined.len() <= MESSAGE_BYTES
        && let Some(cause) = causes.next()
    {
        let own = format_bounded(format_args!("{cause}"), MESSAGE_BYTES);
        if joined.is_empty() {
            joined = own;
        } else if !joined.ends_with(&own) {
            joined.push_str(": ");
            joined.push_str(&own);
        }
    }
    joined
}

/// Returns the first error of a type in the chain.
pub(crate) fn find_cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error_chain(error).find_map(|one| one.downcast_ref::<E>().or_else(|| find_cause(wrapped(one)?)))
}

/// Returns the error within an `io::Error`, whose source is the next one.
fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    error
        .downcast_ref::<io::Error>()?
        .get_ref()
        .map(|inner| inner as _)
}
