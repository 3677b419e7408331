//! What a worker tells its owner.

use crate::call_error::words;
use crate::durations::instant_from_wire;
use crate::error::{Error, ErrorKind};
use crate::receipt::known_reason;
use crate::send::report::shielded;
use crate::v1::{AckResult, AckStatus};
use crate::worker::delivery::{Delivery, Lease};
use crate::worker::options::{OnError, OnSettled, Settled};
use crate::worker::outcome::OutcomeKind;
use std::sync::Arc;
use tonic::Status;

/// What a worker tells its owner.
pub(crate) struct Reports {
    on_error: Option<OnError>,
    on_settled: Option<OnSettled>,
}

impl Reports {
    pub(crate) const fn new(on_error: Option<OnError>, on_settled: Option<OnSettled>) -> Self {
        Self { on_error, on_settled }
    }

    pub(crate) fn error(&self, error: &Error, lease: Option<&Arc<Lease>>) {
        let delivery = lease.map(|lease| Delivery(Arc::clone(lease)));
        if let Some(told) = &self.on_error {
            shielded("on_error", || told(error, delivery.as_ref()));
        } else {
            tracing::warn!(kind = %error.kind(), "{error}");
        }
    }

    pub(crate) fn lost(&self, lease: &Arc<Lease>) {
        let words = format!(
            "the lease of message {} is lost; its outcome will not count",
            lease.id()
        );
        self.error(&Error::new(ErrorKind::LeaseLost, words), Some(lease));
    }

    /// What the server says of an outcome.
    pub(crate) fn answered(&self, lease: &Arc<Lease>, outcome: OutcomeKind, result: Option<&AckResult>) {
        let status = result.map(AckResult::status);
        if let (Some(AckStatus::Applied), Some(result)) = (status, result) {
            let Some(told) = &self.on_settled else { return };
            let settled = Settled {
                outcome,
                state: result.state(),
                due_time: result.due_time.as_ref().map(instant_from_wire),
                quarantine_reason: known_reason(result.quarantine_reason()),
            };
            return shielded("on_settled", || told(&Delivery(Arc::clone(lease)), &settled));
        }
        let why = match (status, result) {
            (Some(AckStatus::LeaseLost), _) => "its lease was over and it moved on",
            (Some(AckStatus::NotFound), _) => "it is gone",
            (_, Some(result)) if !result.detail.is_empty() => result.detail.as_str(),
            _ => "the server gave no result",
        };
        let words = format!(
            "the outcome ({outcome}) of message {} does not count: {why}",
            lease.id()
        );
        self.error(&Error::new(ErrorKind::LeaseLost, words), Some(lease));
    }

    /// The server never said whether it counts.
    pub(crate) fn given_up(&self, lease: &Arc<Lease>, outcome: OutcomeKind, status: &Status) {
        let words = format!(
            "the outcome ({outcome}) of message {} could not be reported: {}; it may come again",
            lease.id(),
            words(status)
        );
        self.error(&Error::new(ErrorKind::Connection, words), Some(lease));
    }
}
