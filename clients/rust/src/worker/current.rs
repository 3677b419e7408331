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

/// Returns the delivery whose message the request is: same service and queue, and source id or payload. It may only be
/// `given`, the delivery that has the payload object; without one, it is one of the running handler, also if a stopping
/// worker has released it. Of equal messages in a batch, each send gets another one, with its source id first.
pub(crate) fn running_delivery_of(
    request: &SendToDlqRequest,
    given: Option<&Arc<Lease>>,
    client: &Client,
) -> Option<Arc<Lease>> {
    if let Some(lease) = given {
        return is_of(request, lease, client).then(|| Arc::clone(lease));
    }
    let batch = CURRENT.try_with(Arc::clone).ok()?;
    let same = batch.iter().filter(|lease| is_of(request, lease, client));
    let is_named = |lease: &Lease| !request.source_id.is_empty() && lease.source_id() == request.source_id;
    same.min_by_key(|lease| (!is_named(lease), lease.has_send_outcome()))
        .cloned()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{self, Delivery, Message};

    fn lease(client: &Client, queue: &str, source_id: &str) -> Arc<Lease> {
        let message = Message {
            queue: queue.to_owned(),
            source_id: source_id.to_owned(),
            payload: Some(v1::Payload::default()),
            ..Message::default()
        };
        let delivery = Delivery {
            message: Some(message),
            ..Delivery::default()
        };
        Lease::new(delivery, client.clone()).unwrap()
    }

    /// Returns the index of the delivery that a send is of, while a handler has all.
    async fn sent(
        batch: &[Arc<Lease>],
        request: &SendToDlqRequest,
        given: Option<&Arc<Lease>>,
        client: &Client,
    ) -> Option<usize> {
        let found = scope(batch, async { running_delivery_of(request, given, client) }).await?;
        batch.iter().position(|lease| Arc::ptr_eq(lease, &found))
    }

    #[tokio::test]
    async fn of_equal_messages_the_one_with_the_payload_or_the_source_id_is_sent() {
        let client = Client::builder("127.0.0.1:1").without_spool().build().unwrap();
        let batch =
            [("q", ""), ("q", "1"), ("q", "2"), ("other", "")].map(|(queue, id)| lease(&client, queue, id));
        let to = |queue: &str, source_id: &str| SendToDlqRequest {
            queue: queue.to_owned(),
            source_id: source_id.to_owned(),
            payload: Some(v1::Payload::default()),
            ..SendToDlqRequest::default()
        };
        let by_id = to("q", "2");
        assert_eq!(sent(&batch, &by_id, None, &client).await, Some(2));
        assert_eq!(sent(&batch, &to("q", "3"), None, &client).await, Some(0));
        let payload_of = |index: usize| Some(&batch[index]);
        assert_eq!(sent(&batch, &to("q", ""), payload_of(1), &client).await, Some(1));
        // A forwarding, which is not the message of the other queue.
        assert_eq!(sent(&batch, &to("other", ""), payload_of(0), &client).await, None);
    }
}
