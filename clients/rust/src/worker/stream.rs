//! Due messages as a stream.

use crate::cause_chain::AsError;
use crate::error::Error;
use crate::worker::core::WorkerCore;
use crate::worker::delivery::Delivery;
use crate::worker::lease::Lease;
use crate::worker::outcome::Outcome;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A stream of due messages. It ends when it is [stopped](Deliveries::stop). If it is dropped, it stops in the
/// background.
#[must_use = "a stream stops when it is dropped"]
#[derive(Debug)]
pub struct Deliveries {
    core: Arc<WorkerCore>,
}

impl Deliveries {
    pub(crate) const fn new(core: Arc<WorkerCore>) -> Self {
        Self { core }
    }

    /// Returns the next delivery, without `StreamExt`.
    pub async fn next(&mut self) -> Option<HeldDelivery> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Stops taking messages, waits for held deliveries for at most `timeout`, reports their outcomes, and releases
    /// the rest.
    pub async fn stop(&self, timeout: Duration) {
        self.core.stop(Some(timeout)).await;
    }

    /// Returns when the stream has stopped.
    ///
    /// # Errors
    ///
    /// Returns an error if the server refused the worker permanently.
    pub async fn done(&self) -> Result<(), Error> {
        self.core.done().await
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<HeldDelivery>> {
        self.core.poll_batch(1, context).map(|found| {
            found?.pop().map(|lease| HeldDelivery {
                core: Arc::clone(&self.core),
                delivery: Delivery(lease),
            })
        })
    }
}

impl Stream for Deliveries {
    type Item = HeldDelivery;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<HeldDelivery>> {
        self.poll(context)
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.core.begin_stop(None);
    }
}

/// A delivery of a stream, which you settle with an outcome. If it is dropped, its message is released.
pub struct HeldDelivery {
    core: Arc<WorkerCore>,
    delivery: Delivery,
}

impl HeldDelivery {
    /// Reports success; or failure, if a send of its payload to another queue was dropped, and no later one was kept.
    pub fn succeed(self) {
        self.settle(Outcome::succeeded());
    }

    /// Reports a failed attempt.
    #[track_caller]
    pub fn fail<E: AsError + ?Sized>(self, error: &E) {
        let outcome = Outcome::failed_at(error, Location::caller());
        self.settle(outcome);
    }

    /// Reports any outcome. A success is reported as by [`succeed`](HeldDelivery::succeed).
    pub fn settle(self, outcome: Outcome) {
        let sent = self.lease().end_handling(true).filter(|_| outcome.is_success());
        self.core.settle(self.lease(), sent.unwrap_or(outcome));
    }

    const fn lease(&self) -> &Arc<Lease> {
        &self.delivery.0
    }
}

impl Deref for HeldDelivery {
    type Target = Delivery;

    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl Drop for HeldDelivery {
    /// Releases the message, unless an outcome was reported.
    fn drop(&mut self) {
        self.core.settle(self.lease(), Outcome::released());
    }
}

impl fmt::Debug for HeldDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.delivery.fmt(f)
    }
}
