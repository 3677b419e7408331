//! Runs handlers.

use crate::failure::describe;
use crate::panics::{Panic, catch_async_panic, failure_of_panic};
use crate::telemetry::HandlerSpan;
use crate::v1::Failure;
use crate::worker::core::WorkerCore;
use crate::worker::current;
use crate::worker::delivery::Delivery;
use crate::worker::lease::Lease;
use crate::worker::middleware::{HandlerError, HandlerResult};
use crate::worker::outcome::Outcome;
use std::future::poll_fn;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;
use tracing::Instrument;

/// The result of a batch handler: the outcomes that it returned, one for each delivery, or an error.
pub(crate) type Handled = Result<Vec<Option<Outcome>>, HandlerError>;

/// How many handlers run at a time, and how many deliveries each one gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HandlerCalls {
    pub(crate) concurrency: u32,
    pub(crate) batch_size: u32,
}

impl WorkerCore {
    /// Runs a handler for each delivery.
    pub(crate) fn run_handler<H, F>(
        self: &Arc<Self>,
        calls: HandlerCalls,
        handler: H,
        place: &'static Location<'static>,
    ) where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        let handler = move |batch: Arc<[Delivery]>| {
            let work = handler(batch[0].clone());
            async move { Ok(vec![work.await?]) }
        };
        self.run_batch_handler(calls, handler, place);
    }

    /// Runs a handler for the deliveries that wait, without waiting for more.
    pub(crate) fn run_batch_handler<H, F>(
        self: &Arc<Self>,
        calls: HandlerCalls,
        handler: H,
        place: &'static Location<'static>,
    ) where
        H: Fn(Arc<[Delivery]>) -> F + Send + Sync + 'static,
        F: Future<Output = Handled> + Send + 'static,
    {
        let core = Arc::clone(self);
        let handler = Arc::new(handler);
        tokio::spawn(async move {
            let permits = Arc::new(Semaphore::new(calls.concurrency as usize));
            let size = calls.batch_size as usize;
            while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                let Some(batch) = poll_fn(|context| core.poll_batch(size, context)).await else {
                    return;
                };
                let (core, handler) = (Arc::clone(&core), Arc::clone(&handler));
                tokio::spawn(async move {
                    core.handle(&batch, &*handler, place).await;
                    drop(permit);
                });
            }
        });
    }

    async fn handle<H, F>(&self, batch: &[Arc<Lease>], handler: &H, place: &Location<'_>)
    where
        H: Fn(Arc<[Delivery]>) -> F,
        F: Future<Output = Handled>,
    {
        let _fallback = FallbackOutcome(self, batch, place);
        let deliveries = batch.iter().map(|lease| Delivery(Arc::clone(lease))).collect();
        let span = HandlerSpan::start(batch);
        let work = catch_async_panic(async move { handler(deliveries).await });
        let work = current::scope(batch, span.within(work)).instrument(log_span(batch));
        let work = async {
            let result = work.await;
            forwarded(batch).await;
            result
        };
        let outcomes = tokio::select! {
            biased;
            () = all_cancelled(batch) => vec![Outcome::released(); batch.len()],
            result = work => self.outcomes_of(batch, result, place),
        };
        span.end(&outcomes);
        for (lease, outcome) in batch.iter().zip(outcomes) {
            self.settle(lease, outcome);
        }
    }

    fn outcomes_of(
        &self,
        batch: &[Arc<Lease>],
        result: Result<Handled, Panic>,
        place: &Location<'_>,
    ) -> Vec<Outcome> {
        let (failed, error) = match result {
            Ok(Ok(outcomes)) => {
                let each = batch.iter().zip(outcomes);
                return each.map(|(lease, outcome)| outcome_of(lease, outcome)).collect();
            }
            // The handler failed because the worker stops.
            _ if self.is_aborting.load(Ordering::SeqCst) => return vec![Outcome::released(); batch.len()],
            Ok(Err(error)) => (failed(&error, place), error.into_inner()),
            Err(panic) => {
                let failure = failure_of_panic(&*panic, "the handler", place);
                let message = failure.message.clone();
                (panicked(failure), message.into())
            }
        };
        self.reports.handler_failed(batch, error, place);
        let each = batch.iter().map(|lease| lease.end_handling(false));
        each.map(|sent| sent.unwrap_or_else(|| failed.clone())).collect()
    }
}

/// Returns the outcome of a delivery by what its handler returned.
fn outcome_of(lease: &Lease, returned: Option<Outcome>) -> Outcome {
    if returned.is_none() && lease.cancel.is_cancelled() {
        return Outcome::released(); // the handler may have given up
    }
    let sent = lease.end_handling(true);
    match returned {
        Some(outcome) if !outcome.is_success() => outcome,
        // A message that the handler sent has failed, whatever it returns as success.
        _ => sent.unwrap_or_else(Outcome::succeeded),
    }
}

/// Returns when each send of the deliveries has its result, also those that begin meanwhile: if one is dropped, its
/// delivery fails.
async fn forwarded(batch: &[Arc<Lease>]) {
    let mut may_have_begun = true;
    while std::mem::take(&mut may_have_begun) {
        for lease in batch.iter().filter(|lease| lease.is_forwarding()) {
            lease.forwarded().await;
            may_have_begun = true;
        }
    }
}

/// Returns when no delivery needs the handler any more.
async fn all_cancelled(batch: &[Arc<Lease>]) {
    for lease in batch {
        lease.cancel.cancelled().await;
    }
}

/// Returns the span in which the handler logs.
fn log_span(batch: &[Arc<Lease>]) -> tracing::Span {
    if let [lease] = batch {
        let (id, queue, attempt) = (lease.id(), lease.queue(), lease.attempt);
        return tracing::info_span!("delivery", id, queue, attempt);
    }
    let queue = batch.first().map_or("", |lease| lease.queue());
    tracing::info_span!("batch", queue, deliveries = batch.len())
}

/// Reports outcomes if the handler ends without them.
struct FallbackOutcome<'a>(&'a WorkerCore, &'a [Arc<Lease>], &'a Location<'a>);

impl Drop for FallbackOutcome<'_> {
    fn drop(&mut self) {
        let Self(core, batch, place) = self;
        let is_panic = std::thread::panicking() && !core.is_aborting.load(Ordering::SeqCst);
        let outcome = if is_panic {
            panicked(failure_of_panic(&"", "the handler", place)) // dropping the handler's values panicked
        } else {
            Outcome::released() // the runtime ends, or the worker waits no longer
        };
        for lease in *batch {
            core.settle(lease, outcome.clone());
        }
    }
}

fn failed(error: &HandlerError, place: &Location<'_>) -> Outcome {
    let mut outcome = Outcome::failed_at(&**error, place);
    outcome.set_failure_type(describe(&**error, Some(error.known_type()), place).r#type);
    outcome
}

fn panicked(failure: Failure) -> Outcome {
    Outcome::with_failure(failure, None, false)
}
