//! The errors of services within a layer.

use crate::cause_chain::AsError;
use crate::error::BoxError;
use crate::send::request::SendRequest;
use std::error::Error;
use std::panic::Location;

/// The error of a service within a layer: any error, such as [`Infallible`](std::convert::Infallible), or a
/// [`BoxError`]. The compiler infers `K`, by which it distinguishes the two.
pub trait ServiceError<K>: Send + sealed::Sealed<K> {
    #[doc(hidden)]
    fn add_to<'a>(&self, send: SendRequest<'a>, place: &Location<'_>) -> SendRequest<'a>;
}

/// The kind of an error that is no box.
#[derive(Debug)]
pub struct PlainError;

/// The kind of a [`BoxError`].
#[derive(Debug)]
pub struct BoxedError;

mod sealed {
    pub trait Sealed<K> {}
    impl<E: std::error::Error + 'static> Sealed<super::PlainError> for E {}
    impl Sealed<super::BoxedError> for crate::error::BoxError {}
}

impl<E: Error + Send + 'static> ServiceError<PlainError> for E {
    fn add_to<'a>(&self, send: SendRequest<'a>, place: &Location<'_>) -> SendRequest<'a> {
        send.error_at(self, place)
    }
}

impl ServiceError<BoxedError> for BoxError {
    fn add_to<'a>(&self, send: SendRequest<'a>, place: &Location<'_>) -> SendRequest<'a> {
        let error: &(dyn Error + Send + Sync) = &**self;
        send.error_at(AsError::as_error(error), place)
    }
}
