//! What waits in a spool.

use crate::spool::folder::now_ms;
use std::sync::Mutex;
use std::time::Duration;

/// The messages that are still to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) messages: usize,
    pub(crate) bytes: u64,
    /// When the oldest file or message in memory was created, in ms since 1970.
    oldest_at_ms: Option<u128>,
}

impl Usage {
    /// Adds messages that were created at the same time.
    pub(super) fn add(&mut self, messages: usize, bytes: u64, created_at_ms: u128) {
        self.messages += messages;
        self.bytes += bytes;
        let oldest = self.oldest_at_ms.unwrap_or(created_at_ms);
        self.oldest_at_ms = Some(oldest.min(created_at_ms));
    }

    /// Returns the age of the oldest file or message in memory, 0 if there is none.
    pub(crate) fn oldest_age(&self) -> Duration {
        let age_ms = self
            .oldest_at_ms
            .map_or(0, |at_ms| now_ms().saturating_sub(at_ms));
        Duration::from_millis(u64::try_from(age_ms).unwrap_or(u64::MAX))
    }
}

/// The usage as the writer thread last published it, so that nobody waits for the disk.
#[derive(Default)]
pub(crate) struct SharedUsage(Mutex<Usage>);

impl SharedUsage {
    pub(super) fn set(&self, usage: Usage) {
        *self.0.lock().unwrap() = usage;
    }

    pub(crate) fn get(&self) -> Usage {
        *self.0.lock().unwrap()
    }
}
