//! The delivery whose handler runs at present.

use crate::client::Client;
use crate::payload::is_same;
use crate::v1::SendToDlqRequest;
use crate::worker::delivery::Lease;
use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<Lease>;
}

/// Runs a handler so that what it sends is known to come from there. Tasks that it spawns are not.
pub(crate) fn scope<F: Future>(lease: Arc<Lease>, handler: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(lease, handler)
}

/// The running delivery if a send is of the same message: then it is no second message.
pub(crate) fn same_message(request: &SendToDlqRequest, client: &Client) -> Option<Arc<Lease>> {
    let lease = CURRENT.try_with(Arc::clone).ok()?;
    if lease.is_closed() || !lease.is_of(client) || lease.queue() != request.queue {
        return None;
    }
    let is_same = if lease.source_id().is_empty() || request.source_id.is_empty() {
        request
            .payload
            .as_ref()
            .is_some_and(|payload| is_same(lease.payload().as_wire(), payload))
    } else {
        lease.source_id() == request.source_id
    };
    is_same.then_some(lease)
}
