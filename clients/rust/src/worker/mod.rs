//! Workers process due messages.

pub(crate) mod core;
pub(crate) mod current;
pub(crate) mod delivery;
mod due_stream;
mod handlers;
pub(crate) mod lease;
mod leases;
#[cfg(all(test, feature = "testing"))]
mod lost_leases;
pub(crate) mod middleware;
pub(crate) mod options;
pub(crate) mod outcome;
mod outcome_reporter;
mod ready;
pub(crate) mod results;
pub(crate) mod stream;
mod worker_reports;

use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// A running worker. If it is dropped, it stops in the background, as by [`stop`](Worker::stop).
#[must_use = "a worker stops when it is dropped"]
#[derive(Debug)]
pub struct Worker {
    core: Arc<core::WorkerCore>,
}

impl Worker {
    pub(crate) const fn new(core: Arc<core::WorkerCore>) -> Self {
        Self { core }
    }

    /// Stops taking messages, waits for running handlers for at most
    /// [`drain_timeout`](options::WorkerBuilder::drain_timeout), reports their outcomes, and releases the rest.
    pub async fn stop(&self) {
        self.core.stop(None).await;
    }

    /// Stops as [`stop`](Worker::stop), but waits for handlers for at most `timeout`. A later call may shorten the
    /// timeout.
    pub async fn stop_within(&self, timeout: Duration) {
        self.core.stop(Some(timeout)).await;
    }

    /// Returns when the worker has stopped.
    ///
    /// # Errors
    ///
    /// Returns an error if the server refused the worker permanently.
    pub async fn done(&self) -> Result<(), Error> {
        self.core.done().await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.core.dropped();
    }
}
