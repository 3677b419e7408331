//! The stream of due messages of a worker.

use crate::backoff::Backoff;
use crate::call_error;
use crate::connection::{Connector, layer_panicked};
use crate::error::{Error, ErrorKind};
use crate::panics::catch_async_panic;
use crate::v1::stream_due_response::Frame;
use crate::v1::{Delivery, Opened, StreamDueRequest};
use crate::wire_time::duration_from_wire;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// A stream that lived longer was opened successfully.
const STABLE_AFTER: Duration = Duration::from_secs(1);
/// A stream without a frame for this long is dead: the server sends one every 10 s.
const FRAME_TIMEOUT: Duration = Duration::from_secs(25);
const DEFAULT_LEASE: Duration = Duration::from_secs(30);
const MIN_LEASE: Duration = Duration::from_secs(1);
const MAX_LEASE: Duration = Duration::from_secs(12 * 3_600);

/// Receives the events of a stream.
pub(crate) trait StreamListener {
    fn opened(&self, session_id: &str, lease_duration: Duration);
    fn delivered(&self, deliveries: Vec<Delivery>);
    fn broken(&self, error: &Error);
    /// Runs between two streams of a session.
    fn before_resume(&self, session_id: &str) -> impl Future<Output = ()> + Send;
}

enum StreamEnd {
    Drain,
    Closed,
    Broken(Status),
}

/// Opens the stream again with its session whenever it ends, until the future is dropped. Returns a permanent
/// refusal of the server.
pub(crate) async fn run(
    connector: &Connector,
    mut request: StreamDueRequest,
    listener: &(impl StreamListener + Sync),
) -> Status {
    let mut backoff = Backoff::new(FIRST_PAUSE, MAX_PAUSE);
    loop {
        let started_at = Instant::now();
        let end = catch_async_panic(read(connector, &mut request, listener))
            .await
            .unwrap_or_else(|_| StreamEnd::Broken(layer_panicked()));
        let is_drain = matches!(end, StreamEnd::Drain);
        if let StreamEnd::Broken(status) = end {
            // After an open stream, such an error comes from a proxy without servers, or from a deployment.
            let is_final = matches!(status.code(), Code::InvalidArgument | Code::Unimplemented);
            if is_final && request.resume_session_id.is_empty() {
                return status;
            }
            listener.broken(&stream_error(status));
        }
        let was_stable = started_at.elapsed() > STABLE_AFTER;
        if was_stable {
            backoff.reset();
        }
        if !(is_drain && was_stable) {
            tokio::time::sleep(backoff.next()).await;
        }
        if !request.resume_session_id.is_empty() {
            listener.before_resume(&request.resume_session_id).await;
        }
    }
}

/// Reads one stream to its end, on its own connection.
async fn read(
    connector: &Connector,
    request: &mut StreamDueRequest,
    listener: &impl StreamListener,
) -> StreamEnd {
    let timed_out = || {
        StreamEnd::Broken(Status::unavailable(format!(
            "no frame for {} s",
            FRAME_TIMEOUT.as_secs()
        )))
    };
    let mut service = connector.connect().service();
    let mut stream = match tokio::time::timeout(FRAME_TIMEOUT, service.stream_due(request.clone())).await {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => return StreamEnd::Broken(status),
        Err(_) => return timed_out(),
    };
    loop {
        let frame = match tokio::time::timeout(FRAME_TIMEOUT, stream.message()).await {
            Ok(Ok(Some(response))) => response.frame,
            Ok(Ok(None)) => return StreamEnd::Closed,
            Ok(Err(status)) => return StreamEnd::Broken(status),
            Err(_) => return timed_out(),
        };
        match frame {
            Some(Frame::Opened(opened)) => {
                listener.opened(&opened.session_id, lease_duration(&opened));
                request.resume_session_id = opened.session_id;
            }
            Some(Frame::Deliveries(some)) => listener.delivered(some.deliveries),
            Some(Frame::Drain(_)) => return StreamEnd::Drain,
            _ => {}
        }
    }
}

/// Returns the lease duration within the limits of the API, as waiting times depend on it.
fn lease_duration(opened: &Opened) -> Duration {
    let lease = opened
        .lease_duration
        .as_ref()
        .map_or(DEFAULT_LEASE, duration_from_wire);
    lease.clamp(MIN_LEASE, MAX_LEASE)
}

fn stream_error(status: Status) -> Error {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => call_error::refusal(status, false),
        _ => {
            let reason = call_error::status_text(&status);
            let message = format!("the stream of due messages broke: {reason}");
            Error::new(ErrorKind::Connection, message).with_status(status)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lease_durations_stay_within_the_limits() {
        let of = |seconds| {
            lease_duration(&Opened {
                lease_duration: Some(prost_types::Duration { seconds, nanos: 0 }),
                ..Opened::default()
            })
        };
        assert_eq!(of(30), Duration::from_secs(30));
        assert_eq!(of(i64::MAX), MAX_LEASE);
        assert_eq!([of(0), of(-1)], [MIN_LEASE; 2]);
        assert_eq!(lease_duration(&Opened::default()), DEFAULT_LEASE);
    }
}
