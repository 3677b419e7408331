//! The deliveries of the running handler.

use crate::client::Client;
use crate::payload::is_same_payload;
use crate::v1::SendToDlqRequest;
use crate::worker::delivery::Lease;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<[Arc<Lease>]>;
}

/// Runs a handler so that its sends are recognized. Sends of tasks that it spawns are not.
pub(super) fn scope<F: Future>(batch: &[Arc<Lease>], handler: F) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(batch.into(), handler)
}

/// Returns the delivery of the running handler if `request` is of the same message: same service and queue, and
/// source id or payload. Of equal messages in a batch, each send gets another one.
pub(crate) fn running_delivery_of(request: &SendToDlqRequest, client: &Client) -> Option<Arc<Lease>> {
    let batch = CURRENT.try_with(Arc::clone).ok()?;
    let same = || batch.iter().filter(|lease| is_of(request, lease, client));
    let unsent = same().find(|lease| !lease.has_send_outcome());
    unsent.or_else(|| same().next()).cloned()
}

fn is_of(request: &SendToDlqRequest, lease: &Lease, client: &Client) -> bool {
    if lease.is_closed() || !lease.is_of_service_of(client) || lease.queue() != request.queue {
        return false;
    }
    if lease.source_id().is_empty() || request.source_id.is_empty() {
        let payload = request.payload.as_ref();
        payload.is_some_and(|payload| is_same_payload(lease.payload().as_wire(), payload))
    } else {
        lease.source_id() == request.source_id
    }
}
