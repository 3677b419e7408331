//! Converts durations and times from and to protobuf.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest wait that the server accepts from a worker.
const MAX_WAIT: Duration = Duration::from_secs(30 * 24 * 3_600);

pub(crate) fn duration_to_wire(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos().cast_signed(),
    }
}

/// Converts the wait of an outcome. The server would refuse the outcome for a longer wait.
pub(crate) fn retry_wait_to_wire(wait: Duration) -> prost_types::Duration {
    duration_to_wire(wait.min(MAX_WAIT))
}

/// Converts a negative duration to zero.
pub(crate) fn duration_from_wire(duration: &prost_types::Duration) -> Duration {
    let seconds = u64::try_from(duration.seconds).unwrap_or(0);
    Duration::new(seconds, u32::try_from(duration.nanos).unwrap_or(0))
}

pub(crate) fn timestamp_to_wire(time: SystemTime) -> prost_types::Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    prost_types::Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: since.subsec_nanos().cast_signed(),
    }
}

pub(crate) fn timestamp_from_wire(time: &prost_types::Timestamp) -> SystemTime {
    let seconds = u64::try_from(time.seconds).unwrap_or(0);
    let since = Duration::new(seconds, u32::try_from(time.nanos).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
