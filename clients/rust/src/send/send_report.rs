//! Reports the result of a send.

use crate::error::Error;
use crate::log::log;
use crate::receipt::Receipt;
use crate::telemetry::SendSpan;
use crate::v1::SendToDlqRequest;
use crate::worker::lease::Lease;
use crate::worker::outcome::Outcome;
use std::io;
use std::sync::Arc;

/// What is to be done with the result of a send, besides the metrics.
pub(crate) struct SendReport {
    span: SendSpan,
    forwarding: Option<Forwarding>,
}

impl SendReport {
    /// `delivery` is the one whose payload is sent, for instance to another queue.
    pub(crate) fn new(span: SendSpan, delivery: Option<Arc<Lease>>) -> Self {
        Self {
            span,
            forwarding: delivery.map(Forwarding::begin),
        }
    }

    pub(crate) fn delivery(&self) -> Option<&Arc<Lease>> {
        self.forwarding.as_ref().map(|forwarding| &forwarding.delivery)
    }

    /// Ends the span. If the message is not kept, the delivery fails: its handler may ignore the result. A later send
    /// that is kept takes this back. After the end of the handler, a drop is logged.
    pub(crate) fn end(self, request: &SendToDlqRequest, result: &Result<Receipt, Error>) {
        self.span.end(result);
        let Some(Forwarding { delivery, earlier }) = &self.forwarding else {
            return;
        };
        let failure = match result {
            Ok(receipt) if receipt.is_kept() => None,
            _ if request.failure.is_some() => Some(Outcome::of_send(request, false)),
            Ok(_) => Some(Outcome::failed(&io::Error::other(
                "the message is only in memory",
            ))),
            Err(error) => Some(Outcome::failed(error)),
        };
        let is_in_time = delivery.set_forwarding_failure(*earlier, failure);
        if !is_in_time && result.is_err() {
            log!(
                error,
                "the send of message {} of queue \"{}\" to queue \"{}\" was dropped after the end of its handler: the message may be lost; await the send in the handler",
                delivery.id(),
                delivery.queue(),
                request.queue
            );
        }
    }
}

/// A send of a delivery under way. The outcome of the delivery waits for its end.
struct Forwarding {
    delivery: Arc<Lease>,
    /// How many were not kept before it began.
    earlier: u64,
}

impl Forwarding {
    fn begin(delivery: Arc<Lease>) -> Self {
        let earlier = delivery.begin_forwarding();
        Self { delivery, earlier }
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.delivery.end_forwarding();
    }
}
