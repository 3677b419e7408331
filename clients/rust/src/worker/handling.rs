//! Runs handlers.

use crate::error::BoxError;
use crate::failure::describe;
use crate::panics::{failure_of_panic, guarded};
use crate::trace_context;
use crate::worker::core::WorkerCore;
use crate::worker::current;
use crate::worker::delivery::{Delivery, Lease};
use crate::worker::outcome::Outcome;
use std::any::Any;
use std::future::poll_fn;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;
use tracing::Instrument;

/// What a handler has come to: an outcome, if it named one; or an error, and what that was called.
pub(crate) type Handled = Result<Option<Outcome>, (BoxError, &'static str)>;

impl WorkerCore {
    /// Works on deliveries, so many at a time.
    pub(crate) fn run_handlers<H, F>(
        self: &Arc<Self>,
        concurrency: usize,
        handler: H,
        place: &'static Location<'static>,
    ) where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Handled> + Send + 'static,
    {
        let core = Arc::clone(self);
        let handler = Arc::new(handler);
        tokio::spawn(async move {
            let permits = Arc::new(Semaphore::new(concurrency));
            while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                let Some(lease) = poll_fn(|context| core.poll_next(context)).await else {
                    return;
                };
                let (core, handler) = (Arc::clone(&core), Arc::clone(&handler));
                tokio::spawn(async move {
                    core.handle(&lease, &*handler, place).await;
                    drop(permit);
                });
            }
        });
    }

    async fn handle<H, F>(&self, lease: &Arc<Lease>, handler: &H, place: &Location<'_>)
    where
        H: Fn(Delivery) -> F,
        F: Future<Output = Handled>,
    {
        let _last = Last(self, lease, place);
        let delivery = Delivery(Arc::clone(lease));
        let work = guarded(async move { handler(delivery).await });
        let work = current::scope(
            Arc::clone(lease),
            trace_context::within(lease.trace_context(), work),
        )
        .instrument(lease.span());
        let outcome = tokio::select! {
            biased;
            () = lease.cancel.cancelled() => Outcome::released(),
            end = work => match end {
                Ok(Ok(Some(outcome))) => outcome,
                Ok(Ok(None)) => lease.take_sent().unwrap_or_else(Outcome::succeeded),
                // Because the worker stops: no fault of the message.
                _ if self.is_giving_up.load(Ordering::SeqCst) => Outcome::released(),
                Ok(Err((error, known))) => lease.take_sent().unwrap_or_else(|| failed(&error, known, place)),
                Err(panic) => lease.take_sent().unwrap_or_else(|| panicked(&*panic, place)),
            },
        };
        self.settle(lease, outcome);
    }
}

/// Whatever happens to a handler, its delivery has an outcome: the first one counts.
struct Last<'a>(&'a WorkerCore, &'a Arc<Lease>, &'a Location<'a>);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        let Self(core, lease, place) = self;
        let is_fault = std::thread::panicking() && !core.is_giving_up.load(Ordering::SeqCst);
        let outcome = if is_fault {
            panicked(&"", place) // of what the handler has held, when that was dropped
        } else {
            Outcome::released() // its runtime shuts down, or its worker waits no longer
        };
        core.settle(lease, outcome);
    }
}

fn failed(error: &BoxError, known: &'static str, place: &Location<'_>) -> Outcome {
    let mut outcome = Outcome::failed_at(&**error, place);
    outcome.name_failure(describe(&**error, Some(known), place).r#type);
    outcome
}

fn panicked(panic: &(dyn Any + Send), place: &Location<'_>) -> Outcome {
    Outcome::with_failure(failure_of_panic(panic, "the handler", place), None, false)
}
