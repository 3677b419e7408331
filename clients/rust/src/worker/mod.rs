//! Work on messages that are due.

mod acks;
pub(crate) mod core;
pub(crate) mod current;
pub(crate) mod delivery;
mod due_stream;
mod handling;
mod leases;
pub(crate) mod options;
pub(crate) mod outcome;
mod ready;
mod reports;
pub(crate) mod stream;

use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// A running worker. When it is dropped it stops in the background, as by [`stop`](Worker::stop).
#[must_use = "a worker stops when it is dropped"]
#[derive(Debug)]
pub struct Worker {
    core: Arc<core::WorkerCore>,
}

impl Worker {
    pub(crate) const fn new(core: Arc<core::WorkerCore>) -> Self {
        Self { core }
    }

    /// Takes nothing new, waits for running handlers as long as
    /// [`drain_timeout`](options::WorkerBuilder::drain_timeout) says, reports their outcomes, and gives
    /// the rest back.
    pub async fn stop(&self) {
        self.core.stop(None).await;
    }

    /// As [`stop`](Worker::stop), and waits for handlers no longer than that. Called while it stops it
    /// can only hasten the end.
    pub async fn stop_within(&self, timeout: Duration) {
        self.core.stop(Some(timeout)).await;
    }

    /// Returns when it has stopped; with an error if the server refuses what it asks for.
    pub async fn done(&self) -> Result<(), Error> {
        self.core.done().await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.core.begin_stop(None);
    }
}
