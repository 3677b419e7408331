//! What an error of a call means for the call.

use crate::cause_chain::{chain, joined};
use crate::error::{Error, ErrorKind};
use crate::panics::unless_it_panics;
use crate::status_details::StatusDetails;
use std::error::Error as _;
use tonic::{Code, Status};

/// Whether it makes sense, and is safe, to make the same call again. The server's own errors always
/// carry details; without them an INTERNAL or CANCELLED is a connection that ended, as it does while a
/// server stops.
pub(crate) fn is_worth_again(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Aborted => true,
        Code::ResourceExhausted if StatusDetails::of(status).retry.is_some() => true,
        // What a broken connection becomes on its way through HTTP/2, where no server has spoken.
        Code::Internal | Code::Unknown | Code::Cancelled | Code::ResourceExhausted => {
            status.details().is_empty() && !is_too_large_on_the_way(status)
        }
        _ => false,
    }
}

/// HTTP 413: a proxy takes no call of that size, as nginx by default of more than 1 MiB. A smaller one may
/// pass. Only the words have the number.
pub(crate) fn is_too_large_on_the_way(status: &Status) -> bool {
    status.code() == Code::Unknown && status.details().is_empty() && status.message().contains("status 413")
}

/// A try that was not answered in time, of which nobody has said a word.
pub(crate) fn is_silent(status: &Status) -> bool {
    status.code() == Code::DeadlineExceeded && status.details().is_empty()
}

/// The call can't have had an effect: nobody was there to take it.
pub(crate) fn never_arrived(status: &Status) -> bool {
    if status.code() != Code::Unavailable || !status.details().is_empty() {
        return false;
    }
    std::iter::successors(status.source(), |&error| error.source())
        .any(<dyn std::error::Error>::is::<tonic::ConnectError>)
}

/// A server, and not just a part of the way, has spoken.
pub(crate) fn is_answer(status: &Status) -> bool {
    !is_worth_again(status) || !status.details().is_empty() && status.code() != Code::Unavailable
}

/// Whether no later try can help. The service's own errors always carry details: without them, a proxy
/// may have spoken. A token may become right, and a full queue get room.
pub(crate) fn is_for_good(status: &Status) -> bool {
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

/// A batch that is refused as a whole, although all but one of its messages may be fine.
pub(crate) fn is_of_the_whole_call(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument | Code::ResourceExhausted | Code::OutOfRange
    ) || is_too_large_on_the_way(status)
}

/// The error of a call that a server's word has ended. `was_maybe_stored`: an earlier try may have had
/// its effect, of which this refusal says nothing.
pub(crate) fn refusal(status: Status, was_maybe_stored: bool) -> Error {
    let code = status.code();
    let kind = match code {
        Code::Unauthenticated | Code::PermissionDenied => ErrorKind::Unauthenticated,
        _ => ErrorKind::Refused,
    };
    let is_too_large = is_too_large_on_the_way(&status);
    let not_taken = matches!(
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
        _ if is_too_large => "; a proxy on the way takes no call of that size: raise its limit",
        Code::Unauthenticated => "; give the client a `token` that the server knows",
        Code::Unimplemented | Code::NotFound => {
            "; is the target the gRPC address of a DLQ server (port 50051 by default)?"
        }
        _ => "",
    };
    Error::new(kind, format!("{}{advice}", words(&status)))
        .maybe_stored_if(was_maybe_stored || !(not_taken || is_too_large))
        .of_call(status)
}

/// Never empty; with what a transport says of its causes. Those may be of a layer of the user's, whose panic
/// would end a task of ours.
pub(crate) fn words(status: &Status) -> String {
    let words = if status.message().is_empty() {
        status.code().description()
    } else {
        status.message()
    };
    unless_it_panics(|| {
        let causes: Vec<_> = status.source().into_iter().flat_map(chain).collect();
        // A transport's status has the words of one of its causes already, mostly not those of the first.
        let said = causes.iter().rposition(|cause| cause.to_string() == words);
        let causes = causes.into_iter().skip(said.map_or(0, |at| at + 1));
        joined(words.to_owned(), causes)
    })
    .unwrap_or_else(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_refuses_is_not_the_services_word() {
        assert!(!is_for_good(&Status::unimplemented("no such path")));
        assert!(!is_for_good(&Status::not_found("no such route")));
        let details = bytes::Bytes::from_static(b"\x08\x0c");
        assert!(is_for_good(&Status::with_details(
            Code::Unimplemented,
            "",
            details.clone()
        )));
        assert!(!is_for_good(&Status::with_details(
            Code::PermissionDenied,
            "",
            details
        )));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("transport error")]
    struct Transport(#[source] std::io::Error);

    #[test]
    fn words_tell_why_a_transport_failed() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let status = Status::from_error(Transport(refused).into());
        assert_eq!(words(&status), "transport error: connection refused");
        let mut status = Status::unavailable("connection refused");
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        status.set_source(std::sync::Arc::new(Transport(refused)));
        assert_eq!(words(&status), "connection refused");
        assert_eq!(words(&Status::unavailable("")), Code::Unavailable.description());
    }
}
