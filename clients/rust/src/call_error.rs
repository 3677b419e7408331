//! What the error of a call means: retry, split, or give up.

use crate::cause_chain::{error_chain, join_messages};
use crate::error::{Error, ErrorKind};
use crate::panics::catch_panic;
use crate::status_details::StatusDetails;
use crate::token::TokenError;
use std::error::Error as _;
use tonic::{Code, Status};

/// Reports whether the same call may be made again. The service's own errors always carry details. Without
/// details, INTERNAL or CANCELLED is a broken connection, as while a server stops.
pub(crate) fn is_retryable(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Aborted => true,
        Code::ResourceExhausted if StatusDetails::of(status).retry.is_some() => true,
        // Without details: a broken HTTP/2 connection.
        Code::Internal | Code::Unknown | Code::Cancelled | Code::ResourceExhausted => {
            status.details().is_empty() && !is_too_large_for_proxy(status)
        }
        _ => false,
    }
}

/// Reports whether a proxy refused the size of a call by HTTP 413, as nginx does above 1 MiB by default. A
/// smaller call may pass.
pub(crate) fn is_too_large_for_proxy(status: &Status) -> bool {
    status.code() == Code::Unknown && status.details().is_empty() && status.message().contains("status 413")
}

/// Reports whether the call was not answered in time, without any other error.
pub(crate) fn is_timeout(status: &Status) -> bool {
    status.code() == Code::DeadlineExceeded && status.details().is_empty()
}

/// Reports whether nothing was sent, because no connection was opened or there is no token.
pub(crate) fn was_never_sent(status: &Status) -> bool {
    if status.code() != Code::Unavailable || !status.details().is_empty() {
        return false;
    }
    std::iter::successors(status.source(), |&error| error.source())
        .any(|error| error.is::<tonic::ConnectError>() || error.is::<TokenError>())
}

/// Reports whether the error is an answer of a server, and not of the network.
pub(crate) fn is_server_answer(status: &Status) -> bool {
    !is_retryable(status) || !status.details().is_empty() && status.code() != Code::Unavailable
}

/// Reports whether no later try can succeed. An error without details may come from a proxy. A wrong token may
/// be replaced, and a full queue may get room.
pub(crate) fn is_permanent(status: &Status) -> bool {
    if status.details().is_empty() {
        return false;
    }
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented => true,
        Code::ResourceExhausted => StatusDetails::of(status).reason == "TOO_LARGE",
        _ => false,
    }
}

/// Reports whether a batch may have been refused as a whole because of one of its messages.
pub(crate) fn may_be_one_message(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument | Code::ResourceExhausted | Code::OutOfRange
    ) || is_too_large_for_proxy(status)
}

/// Returns the error of a call that a server refused. `was_maybe_stored`: an earlier try may have reached the
/// server.
pub(crate) fn refusal(status: Status, was_maybe_stored: bool) -> Error {
    let code = status.code();
    let kind = match code {
        Code::Unauthenticated | Code::PermissionDenied => ErrorKind::Unauthenticated,
        _ => ErrorKind::Refused,
    };
    let is_too_large = is_too_large_for_proxy(&status);
    let is_not_stored = matches!(
        code,
        Code::InvalidArgument
            | Code::NotFound
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated
    );
    let advice = match code {
        _ if is_too_large => "; raise the size limit of the proxy before the service",
        Code::Unauthenticated => "; give the client a valid `token`",
        Code::Unimplemented | Code::NotFound => {
            "; check that the target is the gRPC address of a DLQ server (port 50051 by default)"
        }
        _ => "",
    };
    Error::new(kind, format!("{}{advice}", status_text(&status)))
        .with_maybe_stored(was_maybe_stored || !(is_not_stored || is_too_large))
        .with_status(status)
}

/// Returns why a call failed whose messages or events wait for a later one.
pub(crate) fn reason_text(status: &Status) -> String {
    if is_retryable(status) {
        status_text(status)
    } else {
        refusal(status.clone(), true).to_string()
    }
}

/// The metadata with the advice of the connection, for its user.
pub(crate) const ADVICE: &str = "dlq-advice";

/// Returns the message of a status with its causes and advice, and is never empty. Causes may come from a user's layer
/// and panic.
pub(crate) fn status_text(status: &Status) -> String {
    let advice = status
        .metadata()
        .get(ADVICE)
        .and_then(|advice| advice.to_str().ok());
    let text = error_text(status);
    match advice {
        Some(advice) => format!("{text}; {advice}"),
        None => text,
    }
}

fn error_text(status: &Status) -> String {
    let text = if status.message().is_empty() {
        status.code().description()
    } else {
        status.message()
    };
    catch_panic(|| {
        let causes: Vec<_> = status.source().into_iter().flat_map(error_chain).collect();
        // tonic copies the message of one of the causes, mostly not the first one.
        let copied = causes.iter().rposition(|cause| cause.to_string() == text);
        let causes = causes.into_iter().skip(copied.map_or(0, |at| at + 1));
        join_messages(text.to_owned(), causes)
    })
    .unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_details_is_not_permanent() {
        assert!(!is_permanent(&Status::unimplemented("no such path")));
        assert!(!is_permanent(&Status::not_found("no such route")));
        let details = bytes::Bytes::from_static(b"\x08\x0c");
        assert!(is_permanent(&Status::with_details(
            Code::Unimplemented,
            "",
            details.clone()
        )));
        assert!(!is_permanent(&Status::with_details(
            Code::PermissionDenied,
            "",
            details
        )));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("transport error")]
    struct Transport(#[source] std::io::Error);

    #[test]
    fn the_text_of_a_status_has_its_causes() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let status = Status::from_error(Transport(refused).into());
        assert_eq!(status_text(&status), "transport error: connection refused");
        let mut status = Status::unavailable("connection refused");
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        status.set_source(std::sync::Arc::new(Transport(refused)));
        assert_eq!(status_text(&status), "connection refused");
        assert_eq!(
            status_text(&Status::unavailable("")),
            Code::Unavailable.description()
        );
    }
}
