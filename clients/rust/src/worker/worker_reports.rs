//! Reports errors and outcomes to the user's callbacks.

use crate::call_error::status_text;
use crate::error::{Error, ErrorKind};
use crate::panics::catch_and_log;
use crate::receipt::known_reason;
use crate::v1::{AckResult, AckStatus};
use crate::wire_time::timestamp_from_wire;
use crate::worker::delivery::{Delivery, Lease};
use crate::worker::options::{OnError, OnSettled, Settled};
use crate::worker::outcome::OutcomeKind;
use std::sync::Arc;
use tonic::Status;

pub(crate) struct WorkerReports {
    on_error: Option<OnError>,
    on_settled: Option<OnSettled>,
}

impl WorkerReports {
    pub(crate) const fn new(on_error: Option<OnError>, on_settled: Option<OnSettled>) -> Self {
        Self { on_error, on_settled }
    }

    pub(crate) fn error(&self, error: &Error, lease: Option<&Arc<Lease>>) {
        let delivery = lease.map(|lease| Delivery(Arc::clone(lease)));
        if let Some(callback) = &self.on_error {
            catch_and_log("on_error", || callback(error, delivery.as_ref()));
        } else {
            tracing::warn!(kind = %error.kind(), "{error}");
        }
    }

    pub(crate) fn lost(&self, lease: &Arc<Lease>) {
        let message = format!(
            "lost the lease of message {}; its outcome will not count",
            lease.id()
        );
        self.error(&Error::new(ErrorKind::LeaseLost, message), Some(lease));
    }

    /// Reports the server's result of an outcome.
    pub(crate) fn answered(&self, lease: &Arc<Lease>, outcome: OutcomeKind, result: Option<&AckResult>) {
        let status = result.map(AckResult::status);
        if let (Some(AckStatus::Applied), Some(result)) = (status, result) {
            let Some(callback) = &self.on_settled else { return };
            let settled = Settled {
                outcome,
                state: result.state(),
                due_time: result.due_time.as_ref().map(timestamp_from_wire),
                quarantine_reason: known_reason(result.quarantine_reason()),
            };
            return catch_and_log("on_settled", || callback(&Delivery(Arc::clone(lease)), &settled));
        }
        let reason = match (status, result) {
            (Some(AckStatus::LeaseLost), _) => "its lease expired and another worker may have the message",
            (Some(AckStatus::NotFound), _) => "the message does not exist any more",
            (_, Some(result)) if !result.detail.is_empty() => result.detail.as_str(),
            _ => "the server returned no result",
        };
        let message = format!(
            "the outcome ({outcome}) of message {} does not count: {reason}",
            lease.id()
        );
        self.error(&Error::new(ErrorKind::LeaseLost, message), Some(lease));
    }

    /// Reports an outcome that the server did not answer.
    pub(crate) fn given_up(&self, lease: &Arc<Lease>, outcome: OutcomeKind, status: &Status) {
        let message = format!(
            "the outcome ({outcome}) of message {} could not be reported: {}; the message may be delivered again",
            lease.id(),
            status_text(status)
        );
        self.error(&Error::new(ErrorKind::Connection, message), Some(lease));
    }
}
