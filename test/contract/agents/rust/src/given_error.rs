//! Builds the error of a command, as Rust code returns it.

use dlq_client::{BoxError, NonRetryable, RetryAfter};
use serde::de::Error as _;
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;
use tonic::{Code, Status};

#[derive(Debug)]
struct OrderError {
    message: String,
    source: Option<BoxError>,
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for OrderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

pub fn given_error(given: &Value) -> BoxError {
    let message = given["message"].as_str().unwrap_or("it broke").to_owned();
    let source = given.get("cause").map(given_error);
    if let Some(wait) = given["retry_after_ms"].as_f64() {
        return RetryAfter::new(
            OrderError { message, source },
            Duration::from_secs_f64(wait / 1_000.0),
        )
        .into();
    }
    if given["non_retryable"] == Value::Bool(true) {
        return NonRetryable::new(OrderError { message, source }).into();
    }
    match given["kind"].as_str() {
        Some("timeout") => io::Error::new(io::ErrorKind::TimedOut, message).into(),
        Some("refused") => io::Error::new(io::ErrorKind::ConnectionRefused, message).into(),
        Some("grpc") => {
            let code = given["code"].as_i64().and_then(|code| i32::try_from(code).ok());
            Status::new(Code::from_i32(code.unwrap_or_default()), message).into()
        }
        Some("value") => serde_json::Error::custom(message).into(),
        _ => OrderError { message, source }.into(),
    }
}
