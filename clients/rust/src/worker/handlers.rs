//! Runs handlers.

use crate::client::Client;
use crate::error::BoxError;
use crate::failure::describe;
use crate::panics::{catch_async_panic, failure_of_panic};
use crate::payload::is_same_payload;
use crate::trace_context;
use crate::v1::SendToDlqRequest;
use crate::worker::core::WorkerCore;
use crate::worker::delivery::{Delivery, Lease};
use crate::worker::outcome::Outcome;
use std::any::Any;
use std::future::poll_fn;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::Semaphore;
use tracing::Instrument;

/// The result of a handler: an outcome, if it returned one; or an error with its type.
pub(crate) type Handled = Result<Option<Outcome>, (BoxError, &'static str)>;

impl WorkerCore {
    /// Runs a handler for each delivery, at most `concurrency` at a time.
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
        let _fallback = FallbackOutcome(self, lease, place);
        let delivery = Delivery(Arc::clone(lease));
        let work = catch_async_panic(async move { handler(delivery).await });
        let work = scope(
            Arc::clone(lease),
            trace_context::within(lease.trace_context(), work),
        )
        .instrument(lease.span());
        let outcome = tokio::select! {
            biased;
            () = lease.cancel.cancelled() => Outcome::released(),
            result = work => match result {
                Ok(Ok(Some(outcome))) => outcome,
                Ok(Ok(None)) => lease.take_send_outcome().unwrap_or_else(Outcome::succeeded),
                // The handler failed because the worker stops.
                _ if self.is_aborting.load(Ordering::SeqCst) => Outcome::released(),
                Ok(Err((error, known))) => lease.take_send_outcome().unwrap_or_else(|| failed(&error, known, place)),
                Err(panic) => lease.take_send_outcome().unwrap_or_else(|| panicked(&*panic, place)),
            },
        };
        self.settle(lease, outcome);
    }
}

/// Reports an outcome if the handler ends without one.
struct FallbackOutcome<'a>(&'a WorkerCore, &'a Arc<Lease>, &'a Location<'a>);

impl Drop for FallbackOutcome<'_> {
    fn drop(&mut self) {
        let Self(core, lease, place) = self;
        let is_panic = std::thread::panicking() && !core.is_aborting.load(Ordering::SeqCst);
        let outcome = if is_panic {
            panicked(&"", place) // dropping the handler's values panicked
        } else {
            Outcome::released() // the runtime ends, or the worker waits no longer
        };
        core.settle(lease, outcome);
    }
}

fn failed(error: &BoxError, known: &'static str, place: &Location<'_>) -> Outcome {
    let mut outcome = Outcome::failed_at(&**error, place);
    outcome.set_failure_type(describe(&**error, Some(known), place).r#type);
    outcome
}

fn panicked(panic: &(dyn Any + Send), place: &Location<'_>) -> Outcome {
    Outcome::with_failure(failure_of_panic(panic, "the handler", place), None, false)
}

tokio::task_local! {
    static CURRENT: Arc<Lease>;
}

/// Runs a handler so that its sends are recognized. Sends of tasks that it spawns are not.
fn scope<F: Future>(lease: Arc<Lease>, handler: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(lease, handler)
}

/// Returns the delivery of the running handler if `request` is of the same message: same client and queue, and
/// source id or payload.
pub(crate) fn running_delivery_of(request: &SendToDlqRequest, client: &Client) -> Option<Arc<Lease>> {
    let lease = CURRENT.try_with(Arc::clone).ok()?;
    if lease.is_closed() || !lease.is_of(client) || lease.queue() != request.queue {
        return None;
    }
    let is_same_message = if lease.source_id().is_empty() || request.source_id.is_empty() {
        let payload = request.payload.as_ref();
        payload.is_some_and(|payload| is_same_payload(lease.payload().as_wire(), payload))
    } else {
        lease.source_id() == request.source_id
    };
    is_same_message.then_some(lease)
}
