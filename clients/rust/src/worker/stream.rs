//! What is due, as a stream.

use crate::cause_chain::AsError;
use crate::error::Error;
use crate::worker::core::WorkerCore;
use crate::worker::delivery::{Delivery, Lease};
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

/// What is due, as a stream that ends when it was [stopped](Deliveries::stop). When it is dropped it
/// stops in the background.
#[must_use = "a stream stops when it is dropped"]
#[derive(Debug)]
pub struct Deliveries {
    core: Arc<WorkerCore>,
}

impl Deliveries {
    pub(crate) const fn new(core: Arc<WorkerCore>) -> Self {
        Self { core }
    }

    /// The next one, without `StreamExt`.
    pub async fn next(&mut self) -> Option<Held> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Takes nothing new, waits for those that are held, reports their outcomes, and gives the rest
    /// back; no longer than `timeout`.
    pub async fn stop(&self, timeout: Duration) {
        self.core.stop(Some(timeout)).await;
    }

    /// Returns when it has stopped; with an error if the server refuses what it asks for.
    pub async fn done(&self) -> Result<(), Error> {
        self.core.done().await
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Held>> {
        self.core.poll_next(context).map(|found| {
            found.map(|lease| Held {
                core: Arc::clone(&self.core),
                delivery: Delivery(lease),
            })
        })
    }
}

impl Stream for Deliveries {
    type Item = Held;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Held>> {
        self.poll(context)
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.core.begin_stop(None);
    }
}

/// A delivery of a stream, until somebody says what becomes of it. One that is dropped is given back.
pub struct Held {
    core: Arc<WorkerCore>,
    delivery: Delivery,
}

impl Held {
    /// Done.
    pub fn succeed(self) {
        self.settle(Outcome::succeeded());
    }

    /// The attempt has failed.
    #[track_caller]
    pub fn fail<E: AsError + ?Sized>(self, error: &E) {
        let outcome = Outcome::failed_at(error, Location::caller());
        self.settle(outcome);
    }

    /// Anything else.
    pub fn settle(self, outcome: Outcome) {
        self.core.settle(self.lease(), outcome);
    }

    const fn lease(&self) -> &Arc<Lease> {
        &self.delivery.0
    }
}

impl Deref for Held {
    type Target = Delivery;

    fn deref(&self) -> &Delivery {
        &self.delivery
    }
}

impl Drop for Held {
    /// The first outcome counts.
    fn drop(&mut self) {
        self.core.settle(self.lease(), Outcome::released());
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.delivery.fmt(f)
    }
}
