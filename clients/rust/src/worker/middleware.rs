//! Middleware around handlers.

use crate::error::{BoxError, Error, NonRetryable, RetryAfter};
use crate::failure::{describe, is_non_retryable, retry_after_of};
use crate::worker::delivery::Delivery;
use crate::worker::outcome::Outcome;
use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

/// The result of a handler, as its middleware gets and returns it. `Ok(None)`: the handler returned `Ok(())`. If a
/// middleware returns `Ok(None)`, the result of the handler stands; if the handler has not run to its end, the delivery
/// has failed.
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

    /// Returns an error with the same message, type, retry time and mark. Errors can't be cloned.
    fn copy(&self) -> Self {
        let failure = describe(&**self, Some(self.known_type), Location::caller());
        let mut error: BoxError = failure.message.into();
        if is_non_retryable(&**self) {
            error = NonRetryable::new(error).into();
        }
        if let Some(wait) = retry_after_of(&**self) {
            error = RetryAfter::new(error, wait).into();
        }
        Self {
            error,
            known_type: self.known_type,
        }
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
            Self(Arc::new(move |delivery| {
                let last = LastResult::default();
                let work = one(delivery, next.recorded(&last));
                Box::pin(async move { last.or_else(work.await) })
            }))
        })
    }

    /// Returns this with a record of its last result.
    fn recorded(&self, last: &LastResult) -> Self {
        let (next, last) = (self.clone(), last.clone());
        Self(Arc::new(move |delivery| {
            let (next, last) = (next.clone(), last.clone());
            Box::pin(async move {
                last.set(None);
                let result = next.run(delivery).await;
                last.set(Some(result.as_ref().map_err(HandlerError::copy).cloned()));
                result
            })
        }))
    }
}

/// The result of the handler within a middleware. `None` if it has not run to its end.
#[derive(Clone, Default)]
struct LastResult(Arc<Mutex<Option<HandlerResult>>>);

impl LastResult {
    fn set(&self, result: Option<HandlerResult>) {
        *self.0.lock().unwrap() = result;
    }

    /// Returns the result of the middleware, or if it returned none, that of the handler.
    fn or_else(&self, of_middleware: HandlerResult) -> HandlerResult {
        if !matches!(of_middleware, Ok(None)) {
            return of_middleware;
        }
        self.0.lock().unwrap().take().unwrap_or_else(|| {
            let message = "a middleware returned Ok(None), and the handler has not run to its end; return the result of next.run, or an outcome";
            Err(Error::invalid(message).into())
        })
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}
