//! Middleware around handlers.

use crate::error::BoxError;
use crate::worker::delivery::Delivery;
use crate::worker::outcome::Outcome;
use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

/// The result of a handler, as its middleware gets and returns it. `Ok(None)`: it returned `Ok(())`.
pub type HandlerResult = Result<Option<Outcome>, HandlerError>;

/// The error that a handler returned. It dereferences to it. Any error becomes one by `?` or `into`.
pub struct HandlerError {
    error: BoxError,
    /// The type before it was boxed.
    known_type: &'static str,
}

impl HandlerError {
    /// Returns the error itself.
    pub fn into_inner(self) -> BoxError {
        self.error
    }

    pub(crate) const fn known_type(&self) -> &'static str {
        self.known_type
    }
}

impl<E: Into<BoxError>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            known_type: type_name::<E>(),
        }
    }
}

impl Deref for HandlerError {
    type Target = dyn StdError + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.error
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

type Handling = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;
/// Wraps a handler.
pub(crate) type Middleware = Arc<dyn Fn(Delivery, Next) -> Handling + Send + Sync>;

/// The next middleware, or the handler.
#[derive(Clone)]
pub struct Next(Arc<dyn Fn(Delivery) -> Handling + Send + Sync>);

impl Next {
    /// Runs the handler within the middleware that is left.
    pub async fn run(self, delivery: Delivery) -> HandlerResult {
        (self.0)(delivery).await
    }

    /// Returns the handler within its middleware, the first outermost.
    pub(crate) fn wrap<H, F>(middleware: Vec<Middleware>, handler: H) -> Self
    where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        let innermost = Self(Arc::new(move |delivery| Box::pin(handler(delivery))));
        middleware.into_iter().rev().fold(innermost, |next, one| {
            Self(Arc::new(move |delivery| one(delivery, next.clone())))
        })
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
