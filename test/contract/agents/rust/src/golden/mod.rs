//! Failures that happen for real, by the names that they have in the golden set.

mod calls;
mod language;
mod parsers;
mod peers;

use dlq_client::{BoxError, SendRequest};
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// What `?` makes of any error: it is sent as what it was.
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

type Outcome = Result<(), Thrown>;

struct Case {
    name: String,
    act: Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

fn case(name: impl Into<String>, act: impl Future<Output = Outcome> + Send + 'static) -> Case {
    Case {
        name: name.into(),
        act: Box::pin(act),
    }
}

fn cases() -> impl Iterator<Item = Case> {
    language::cases()
        .into_iter()
        .chain(parsers::cases())
        .chain(calls::cases())
}

pub fn names() -> Vec<String> {
    cases().map(|case| case.name).collect()
}

/// Makes it happen.
pub async fn thrown(name: &str) -> Result<Thrown, BoxError> {
    let found = cases().find(|case| case.name == name);
    let Case { act, .. } = found.ok_or_else(|| format!("there is no case {name}"))?;
    match tokio::time::timeout(LIMIT, tokio::spawn(act)).await?? {
        Err(thrown) => Ok(thrown),
        Ok(()) => Err(format!("nothing failed: {name}").into()),
    }
}
