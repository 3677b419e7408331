//! Reports the result of a send.

use crate::error::Error;
use crate::receipt::Receipt;
use crate::telemetry::SendSpan;
use crate::v1::SendToDlqRequest;
use crate::worker::lease::Lease;
use crate::worker::outcome::Outcome;
use std::io;
use std::sync::Arc;

/// What is to be done with the result of a send, besides the metrics.
pub(crate) struct SendReport {
    pub(crate) span: SendSpan,
    /// The delivery whose payload is sent, for instance to another queue.
    pub(crate) delivery: Option<Arc<Lease>>,
}

impl SendReport {
    /// Ends the span. If the message is not kept, the delivery fails: its handler may ignore the result.
    pub(crate) fn end(self, request: &SendToDlqRequest, result: &Result<Receipt, Error>) {
        self.span.end(result);
        let Some(delivery) = self.delivery else { return };
        let outcome = match result {
            Ok(receipt) if receipt.is_kept() => return,
            _ if request.failure.is_some() => Outcome::of_send(request, false),
            Ok(_) => Outcome::failed(&io::Error::other("the message is only in memory")),
            Err(error) => Outcome::failed(error),
        };
        delivery.fail_with(outcome);
    }
}
