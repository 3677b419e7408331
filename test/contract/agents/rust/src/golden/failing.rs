//! A case, as the cases of the golden set need it: how to cause a failure. The error keeps its type for the send.

use dlq_client::SendRequest;
use std::error::Error;
use std::pin::Pin;

/// Any error, converted by `?`.
pub struct Thrown(Box<dyn for<'a> FnOnce(SendRequest<'a>) -> SendRequest<'a> + Send>);

impl<E: Error + Send + 'static> From<E> for Thrown {
    fn from(error: E) -> Self {
        Self(Box::new(move |send| send.error(&error)))
    }
}

impl Thrown {
    pub fn add_to<'a>(self, send: SendRequest<'a>) -> SendRequest<'a> {
        (self.0)(send)
    }
}

pub type Outcome = Result<(), Thrown>;

pub struct Failing {
    pub name: String,
    pub act: Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

pub fn case(
    name: impl Into<String>,
    _library: &str,
    _reason: &str,
    act: impl Future<Output = Outcome> + Send + 'static,
) -> Failing {
    Failing {
        name: name.into(),
        act: Box::pin(act),
    }
}
