//! Real failures, by their names in the golden set.

mod calls;
mod language;
mod parsers;
mod peers;

use dlq_client::{BoxError, SendRequest};
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// Any error, converted by `?`. Keeps its type for the send.
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
    run: Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

fn case(name: impl Into<String>, run: impl Future<Output = Outcome> + Send + 'static) -> Case {
    Case {
        name: name.into(),
        run: Box::pin(run),
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

/// Runs a case and returns its error.
pub async fn thrown(name: &str) -> Result<Thrown, BoxError> {
    let found = cases().find(|case| case.name == name);
    let Case { run, .. } = found.ok_or_else(|| format!("unknown case: {name}"))?;
    match tokio::time::timeout(LIMIT, tokio::spawn(run)).await?? {
        Err(thrown) => Ok(thrown),
        Ok(()) => Err(format!("the case did not fail: {name}").into()),
    }
}
