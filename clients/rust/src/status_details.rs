//! The `google.rpc` details of an error.

use crate::wire_time;
use prost::Message;
use prost_types::Any;
use std::time::Duration;

/// The details of a `google.rpc.Status`.
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

/// The details of an error beside its code and message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusDetails {
    /// A stable name of the error, e.g. `QUEUE_LIMIT`. Empty if the server gave none.
    pub reason: String,
    /// The domain of the name: `dlq.v1` for this service.
    pub domain: String,
    /// `Some`: a later try may succeed, after the inner delay if the server gave one.
    pub retry: Option<Option<Duration>>,
    /// The names of invalid fields.
    pub field_violations: Vec<String>,
}

impl StatusDetails {
    /// Returns the details of a failed call.
    pub fn of(status: &tonic::Status) -> Self {
        let RpcStatus { details } = RpcStatus::decode(status.details()).unwrap_or_default();
        let info: ErrorInfo = find(&details, "google.rpc.ErrorInfo").unwrap_or_default();
        Self {
            reason: info.reason,
            domain: info.domain,
            retry: find::<RetryInfo>(&details, "google.rpc.RetryInfo")
                .map(|info| info.retry_delay.as_ref().map(wire_time::duration_from_wire)),
            field_violations: find::<BadRequest>(&details, "google.rpc.BadRequest")
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

/// Returns an error as the service makes it, with details. A proxy's error has none.
#[cfg(feature = "testing")]
pub(crate) fn refusal(code: tonic::Code, reason: &str, message: impl Into<String>) -> tonic::Status {
    let info = ErrorInfo {
        reason: reason.to_owned(),
        domain: "dlq.v1".to_owned(),
    };
    let details = vec![Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
        value: info.encode_to_vec(),
    }];
    let status = RpcStatus { details }.encode_to_vec();
    tonic::Status::with_details(code, message, status.into())
}

/// Converts a call's error to one of a message in a batch.
#[cfg(feature = "testing")]
pub(crate) fn to_error_status(status: &tonic::Status) -> crate::v1::ErrorStatus {
    crate::v1::ErrorStatus {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: RpcStatus::decode(status.details()).unwrap_or_default().details,
    }
}

/// Converts the error of a message in a batch to a call's error.
pub(crate) fn status_of(error: crate::v1::ErrorStatus) -> tonic::Status {
    let details = RpcStatus {
        details: error.details,
    }
    .encode_to_vec();
    tonic::Status::with_details(tonic::Code::from_i32(error.code), error.message, details.into())
}
