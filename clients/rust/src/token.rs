//! The bearer token of calls.

use crate::connection::Transport;
use crate::error::{BoxError, Error};
use crate::panics::catch_async_panic;
use http::header::{AUTHORIZATION, HeaderValue};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tonic::Status;
use tonic::body::Body;
use tower::{ServiceExt, service_fn};

type Source = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send>> + Send + Sync>;

/// A token, or a function that returns the current one.
#[derive(Clone)]
pub(crate) enum Token {
    Fixed(HeaderValue),
    From(Source),
}

/// The function that returns the token has failed. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("there is no token")]
pub(crate) struct TokenError(#[source] BoxError);

impl Token {
    /// Space around the token, such as a file's last line break, is ignored.
    pub(crate) fn fixed(token: &str) -> Result<Self, Error> {
        let header = header_of(token).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(Self::Fixed(header))
    }

    pub(crate) fn from_function<F, T, E>(function: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<String>,
        E: Into<BoxError>,
    {
        Self::From(Arc::new(move || {
            let token = function();
            Box::pin(async move { token.await.map(Into::into).map_err(Into::into) })
        }))
    }

    /// Returns a transport that adds the token to each call.
    pub(crate) fn layer(&self, transport: Transport) -> Transport {
        match self {
            Self::Fixed(header) => {
                let header = header.clone();
                Transport::new(transport.map_request(move |request| authorized(request, header.clone())))
            }
            Self::From(source) => {
                let source = Arc::clone(source);
                Transport::new(service_fn(move |request| {
                    let (transport, source) = (transport.clone(), Arc::clone(&source));
                    async move {
                        let token = catch_async_panic(async { source().await })
                            .await
                            .unwrap_or_else(|_| Err("its function panicked".into()))
                            .map_err(no_token)?;
                        let header = header_of(&token).map_err(no_token)?;
                        transport.oneshot(authorized(request, header)).await
                    }
                }))
            }
        }
    }
}

/// Leaves out the token, which must not be logged.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

fn header_of(token: &str) -> Result<HeaderValue, BoxError> {
    let mut header = HeaderValue::try_from(format!("Bearer {}", token.trim()))
        .map_err(|_| "the token has characters that are not allowed in a header")?;
    header.set_sensitive(true);
    Ok(header)
}

fn authorized(mut request: http::Request<Body>, header: HeaderValue) -> http::Request<Body> {
    request.headers_mut().insert(AUTHORIZATION, header);
    request
}

/// A later try may get a token.
fn no_token(error: BoxError) -> Status {
    let error = TokenError(error);
    let mut status = Status::unavailable(error.to_string());
    status.set_source(Arc::new(error));
    status
}
