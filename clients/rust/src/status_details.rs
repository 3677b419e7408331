//! What google.rpc details of an error say, of this service's errors and of anybody's.

use crate::durations;
use prost::Message;
use prost_types::Any;
use std::time::Duration;

/// google.rpc.Status, of which only the details are wanted.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
}

#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

/// What a server says of an error beside its code and words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusDetails {
    /// A stable name of the error, e.g. `QUEUE_LIMIT`; empty where the server gave none.
    pub reason: String,
    /// Whose name that is: `dlq.v1` of this service.
    pub domain: String,
    /// It is worth trying again; and when, if the server said so.
    pub retry: Option<Option<Duration>>,
    /// The fields that are wrong.
    pub field_violations: Vec<String>,
}

impl StatusDetails {
    /// Of a call that failed.
    pub fn of(status: &tonic::Status) -> Self {
        let read = RpcStatus::decode(status.details()).unwrap_or_default();
        Self::of_details(&read.details)
    }

    pub(crate) fn of_details(details: &[Any]) -> Self {
        Self {
            reason: find::<ErrorInfo>(details, "google.rpc.ErrorInfo")
                .unwrap_or_default()
                .reason,
            domain: find::<ErrorInfo>(details, "google.rpc.ErrorInfo")
                .unwrap_or_default()
                .domain,
            retry: find::<RetryInfo>(details, "google.rpc.RetryInfo")
                .map(|info| info.retry_delay.as_ref().map(durations::from_wire)),
            field_violations: find::<BadRequest>(details, "google.rpc.BadRequest")
                .unwrap_or_default()
                .field_violations
                .into_iter()
                .map(|violation| violation.field)
                .collect(),
        }
    }
}

fn find<M: Message + Default>(details: &[Any], name: &str) -> Option<M> {
    let one = details
        .iter()
        .find(|one| one.type_url.rsplit('/').next() == Some(name))?;
    M::decode(one.value.as_slice()).ok()
}

/// As the service refuses: with details, by which its word is known from that of a proxy.
#[cfg(feature = "testing")]
pub(crate) fn refusal(code: tonic::Code, reason: &str, words: impl Into<String>) -> tonic::Status {
    let info = ErrorInfo {
        reason: reason.to_owned(),
        domain: "dlq.v1".to_owned(),
    };
    let details = vec![Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
        value: info.encode_to_vec(),
    }];
    let status = RpcStatus { details }.encode_to_vec();
    tonic::Status::with_details(code, words, status.into())
}

/// A call's error as one within a response.
#[cfg(feature = "testing")]
pub(crate) fn within_response(status: &tonic::Status) -> crate::v1::ErrorStatus {
    crate::v1::ErrorStatus {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: RpcStatus::decode(status.details()).unwrap_or_default().details,
    }
}

/// An error within a response, as the call of it alone would have failed.
pub(crate) fn status_of(error: crate::v1::ErrorStatus) -> tonic::Status {
    let details = RpcStatus {
        details: error.details,
    }
    .encode_to_vec();
    tonic::Status::with_details(tonic::Code::from_i32(error.code), error.message, details.into())
}
