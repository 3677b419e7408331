//! Times as the wire has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the server takes of a worker: 30 days.
const MOST_WAIT: Duration = Duration::from_secs(30 * 24 * 3_600);

pub(crate) fn to_wire(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos().cast_signed(),
    }
}

/// Of an outcome: the server would not count one whose wait it does not take.
pub(crate) fn wait_to_wire(wait: Duration) -> prost_types::Duration {
    to_wire(wait.min(MOST_WAIT))
}

/// A negative one is none at all.
pub(crate) fn from_wire(duration: &prost_types::Duration) -> Duration {
    let seconds = u64::try_from(duration.seconds).unwrap_or(0);
    Duration::new(seconds, u32::try_from(duration.nanos).unwrap_or(0))
}

pub(crate) fn instant_to_wire(time: SystemTime) -> prost_types::Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    prost_types::Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: since.subsec_nanos().cast_signed(),
    }
}

pub(crate) fn instant_from_wire(time: &prost_types::Timestamp) -> SystemTime {
    let seconds = u64::try_from(time.seconds).unwrap_or(0);
    let since = Duration::new(seconds, u32::try_from(time.nanos).unwrap_or(0));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
