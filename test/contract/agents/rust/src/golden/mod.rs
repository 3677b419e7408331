//! Real failures: the cases of the golden set that need no other libraries.

mod failing;
#[path = "../../../../../golden/collect/rust/src/json.rs"]
mod json;
#[path = "../../../../../golden/collect/rust/src/language.rs"]
mod language;
#[path = "../../../../../golden/collect/rust/src/peers.rs"]
mod peers;
#[path = "../../../../../golden/collect/rust/src/services.rs"]
mod services;

use dlq_client::BoxError;
use failing::Failing;
pub use failing::Thrown;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

/// The first depends on the resolver of the machine; the other has the status of another reason.
const LEFT_OUT: [&str; 2] = ["io: no such name", "tonic: http503"];

fn cases() -> impl Iterator<Item = Failing> {
    language::cases()
        .into_iter()
        .chain(json::cases())
        .chain(services::cases())
        .filter(|case| !LEFT_OUT.contains(&case.name.as_str()))
}

pub fn names() -> Vec<String> {
    cases().map(|case| case.name).collect()
}

/// Runs a case and returns its error.
pub async fn thrown(name: &str) -> Result<Thrown, BoxError> {
    let found = cases().find(|case| case.name == name);
    let Failing { act, .. } = found.ok_or_else(|| format!("unknown case: {name}"))?;
    match tokio::time::timeout(LIMIT, tokio::spawn(act)).await?? {
        Err(thrown) => Ok(thrown),
        Ok(()) => Err(format!("the case did not fail: {name}").into()),
    }
}
