//! An error and its causes, as the standard library knows them.

use crate::bounded_text::written;
use std::any::type_name;
use std::error::Error;

/// Deeper causes say nothing that a reader would still follow.
const MOST_ERRORS: usize = 16;
/// Of the words of a failure, by the contract.
pub(crate) const MESSAGE_BYTES: usize = 4 * 1024;

/// Anything that is an error: a concrete one, or a `dyn Error`. Of a `Box<dyn Error>` or an
/// `anyhow::Error`, give what is inside: `&*error`.
pub trait AsError: sealed::Sealed {
    #[doc(hidden)]
    fn as_error(&self) -> &(dyn Error + 'static);
    /// The name of the type, where the compiler knows it.
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

/// The error, then its causes, nearest first.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source()).take(MOST_ERRORS)
}

/// The words of each, joined by colons, and no more of them than the service takes. Many errors print
/// their cause themselves.
pub(crate) fn joined<'a>(
    first: String,
    mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
) -> String {
    let mut joined = first;
    while joined.len() <= MESSAGE_BYTES
        && let Some(cause) = causes.next()
    {
        let own = written(format_args!("{cause}"), MESSAGE_BYTES);
        if joined.is_empty() {
            joined = own;
        } else if !joined.ends_with(&own) {
            joined.push_str(": ");
            joined.push_str(&own);
        }
    }
    joined
}

/// The first of a type in the chain.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|one| one.downcast_ref::<E>())
}
