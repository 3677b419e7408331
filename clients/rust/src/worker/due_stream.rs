//! One worker's stream of due messages.

use crate::backoff::Backoff;
use crate::call_error;
use crate::connection::{Connector, of_panic};
use crate::durations::from_wire;
use crate::error::{Error, ErrorKind};
use crate::panics::guarded;
use crate::v1::stream_due_response::Frame;
use crate::v1::{Delivery, Opened, StreamDueRequest};
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MOST_PAUSE: Duration = Duration::from_secs(5);
/// A stream that has lived this long was no failed try to open one.
const GOOD_AFTER: Duration = Duration::from_secs(1);
/// A stream that says nothing for so long is dead; the server says something every 10 s.
const SILENCE: Duration = Duration::from_secs(25);
const DEFAULT_LEASE: Duration = Duration::from_secs(30);
const LEAST_LEASE: Duration = Duration::from_secs(1);
const MOST_LEASE: Duration = Duration::from_secs(12 * 3_600);

/// Whom a stream tells.
pub(crate) trait Listener {
    fn opened(&self, session_id: &str, lease_duration: Duration);
    fn delivered(&self, deliveries: Vec<Delivery>);
    fn broken(&self, error: &Error);
    /// Between two streams of a session.
    fn before_resume(&self, session_id: &str) -> impl Future<Output = ()> + Send;
}

enum End {
    Drain,
    Over,
    Broken(Status),
}

/// Opened again whenever it ends, with its session, until it is dropped. Returns what the server
/// refuses for good.
pub(crate) async fn keep(
    connector: &Connector,
    mut request: StreamDueRequest,
    listener: &(impl Listener + Sync),
) -> Status {
    let mut backoff = Backoff::new(FIRST_PAUSE, MOST_PAUSE);
    loop {
        let started_at = Instant::now();
        let end = guarded(read(connector, &mut request, listener))
            .await
            .unwrap_or_else(|_| End::Broken(of_panic()));
        let is_drain = matches!(end, End::Drain);
        if let End::Broken(status) = end {
            // Not once a stream has been open: then it is a proxy whose servers are away, or a
            // deployment.
            let is_final = matches!(status.code(), Code::InvalidArgument | Code::Unimplemented);
            if is_final && request.resume_session_id.is_empty() {
                return status;
            }
            listener.broken(&broken_by(status));
        }
        let was_good = started_at.elapsed() > GOOD_AFTER;
        if was_good {
            backoff.reset();
        }
        if !(is_drain && was_good) {
            tokio::time::sleep(backoff.next()).await;
        }
        if !request.resume_session_id.is_empty() {
            listener.before_resume(&request.resume_session_id).await;
        }
    }
}

/// One stream to its end, on a connection of its own.
async fn read(connector: &Connector, request: &mut StreamDueRequest, listener: &impl Listener) -> End {
    let silent = || {
        End::Broken(Status::unavailable(format!(
            "nothing was heard for {} s",
            SILENCE.as_secs()
        )))
    };
    let mut service = connector.connect().service();
    let mut stream = match tokio::time::timeout(SILENCE, service.stream_due(request.clone())).await {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => return End::Broken(status),
        Err(_) => return silent(),
    };
    loop {
        let frame = match tokio::time::timeout(SILENCE, stream.message()).await {
            Ok(Ok(Some(response))) => response.frame,
            Ok(Ok(None)) => return End::Over,
            Ok(Err(status)) => return End::Broken(status),
            Err(_) => return silent(),
        };
        match frame {
            Some(Frame::Opened(opened)) => {
                listener.opened(&opened.session_id, lease_of(&opened));
                request.resume_session_id = opened.session_id;
            }
            Some(Frame::Deliveries(some)) => listener.delivered(some.deliveries),
            Some(Frame::Drain(_)) => return End::Drain,
            _ => {}
        }
    }
}

/// Within what the contract says: what is waited for grows with it.
fn lease_of(opened: &Opened) -> Duration {
    let lease = opened.lease_duration.as_ref().map_or(DEFAULT_LEASE, from_wire);
    lease.clamp(LEAST_LEASE, MOST_LEASE)
}

fn broken_by(status: Status) -> Error {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => call_error::refusal(status, false),
        _ => {
            let words = call_error::words(&status);
            let words = format!("the stream of due messages broke and is opened again: {words}");
            Error::new(ErrorKind::Connection, words).of_call(status)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lease_is_longer_or_shorter_than_the_contract_says() {
        let of = |seconds| {
            lease_of(&Opened {
                lease_duration: Some(prost_types::Duration { seconds, nanos: 0 }),
                ..Opened::default()
            })
        };
        assert_eq!(of(30), Duration::from_secs(30));
        assert_eq!(of(i64::MAX), MOST_LEASE);
        assert_eq!([of(0), of(-1)], [LEAST_LEASE; 2]);
        assert_eq!(lease_of(&Opened::default()), DEFAULT_LEASE);
    }
}
