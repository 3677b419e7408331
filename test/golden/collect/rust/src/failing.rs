//! Cases: how to cause a failure, and what is recorded of it.

use std::any::type_name;
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

pub const NET: &str = "NETWORK_ERROR";
pub const TIME: &str = "TIMEOUT";
pub const AUTH: &str = "AUTHENTICATION_ERROR";
pub const FULL: &str = "RESOURCE_EXHAUSTED";
pub const INVALID: &str = "VALIDATION_FAILED";
pub const WRONG: &str = "EXECUTION_FAILED";
pub const WEB: &str = "WEBHOOK_FAILED";
pub const UNKNOWN: &str = "UNKNOWN_ERROR";

/// The time limit of a client whose peer never answers.
pub const SHORT: Duration = Duration::from_millis(300);

pub type Outcome = Result<(), Failure>;
type Act = Pin<Box<dyn Future<Output = Outcome>>>;

pub struct Failing {
    pub name: String,
    pub library: &'static str,
    /// The expected reason.
    pub reason: &'static str,
    pub act: Act,
}

pub fn case(
    name: impl Into<String>,
    library: &'static str,
    reason: &'static str,
    act: impl Future<Output = Outcome> + 'static,
) -> Failing {
    Failing {
        name: name.into(),
        library,
        reason,
        act: Box::pin(act),
    }
}

/// A list of cases: name, library, expected reason, how to cause the failure.
macro_rules! cases {
    ($($name:expr, $library:literal, $reason:expr, $act:expr;)*) => {
        vec![$($crate::failing::case($name, $library, $reason, $act)),*]
    };
}
pub(crate) use cases;

/// Parses a value and drops it.
macro_rules! parse {
    ($act:expr) => {
        async {
            $act?;
            Ok(())
        }
    };
}
pub(crate) use parse;

/// Runs a blocking client on a thread of its own.
pub async fn blocking(act: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    tokio::task::spawn_blocking(act).await?
}

/// Sends an error with the client.
pub type Sender = Box<dyn FnOnce(&dlq_client::Client) -> dlq_client::Sending + Send>;

pub struct Failure {
    pub kind: &'static str,
    /// The error and its sources, joined by colons.
    pub message: String,
    pub debug: String,
    pub grpc_code: Option<i32>,
    pub http_status: Option<u16>,
    pub send: Sender,
}

impl Failure {
    /// An error whose type is not known.
    pub fn boxed(error: tower::BoxError) -> Self {
        Failure {
            kind: "",
            message: String::new(),
            debug: String::new(),
            grpc_code: None,
            http_status: None,
            send: Box::new(move |client| client.send("golden", "1", &*error).into_future()),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let held: &(dyn Error + 'static) = &error;
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(next) = source {
            message = format!("{message}: {next}");
            source = next.source();
        }
        let by_reqwest = held.downcast_ref::<reqwest::Error>().and_then(|e| e.status());
        let by_ureq = match held.downcast_ref::<ureq::Error>() {
            Some(ureq::Error::StatusCode(status)) => Some(*status),
            _ => None,
        };
        Failure {
            kind: type_name::<E>(),
            message,
            debug: format!("{error:?}"),
            grpc_code: held
                .downcast_ref::<tonic::Status>()
                .map(|status| status.code() as i32),
            http_status: by_reqwest.map(|status| status.as_u16()).or(by_ureq),
            send: Box::new(move |client| client.send("golden", "1", &error).into_future()),
        }
    }
}
