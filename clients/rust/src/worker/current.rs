//! The deliveries of running handlers.

use crate::client::Client;
use crate::payload::is_same_payload;
use crate::v1::SendToDlqRequest;
use crate::worker::lease::Lease;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<[Arc<Lease>]>;
}

/// Runs a handler so that its sends are recognized. In tasks that it spawns only those of the delivery's own payload
/// are.
pub(super) fn scope<F: Future>(batch: &[Arc<Lease>], handler: F) -> impl Future<Output = F::Output> + use<F> {
    for lease in batch {
        lease.begin_handling();
    }
    CURRENT.scope(batch.into(), handler)
}

/// Returns the delivery whose message the request is: same service and queue, and source id or payload. It is `given`,
/// the delivery that has the payload object, or one of the running handler, also if a stopping worker has released it.
/// Of equal messages in a batch, each send gets another one.
pub(crate) fn running_delivery_of(
    request: &SendToDlqRequest,
    given: Option<&Arc<Lease>>,
    client: &Client,
) -> Option<Arc<Lease>> {
    if let Some(lease) = given.filter(|lease| is_of(request, lease, client)) {
        return Some(Arc::clone(lease));
    }
    let batch = CURRENT.try_with(Arc::clone).ok()?;
    let same = || batch.iter().filter(|lease| is_of(request, lease, client));
    let unsent = same().find(|lease| !lease.has_send_outcome());
    unsent.or_else(|| same().next()).cloned()
}

fn is_of(request: &SendToDlqRequest, lease: &Lease, client: &Client) -> bool {
    if !lease.is_of_service_of(client) || lease.queue() != request.queue {
        return false;
    }
    if lease.source_id().is_empty() || request.source_id.is_empty() {
        let payload = request.payload.as_ref();
        payload.is_some_and(|payload| is_same_payload(lease.payload().as_wire(), payload))
    } else {
        lease.source_id() == request.source_id
    }
}
