//! Stands in for OpenTelemetry.
#![allow(clippy::unused_self, reason = "as with OpenTelemetry")]

use crate::error::Error;
use crate::receipt::Receipt;
use crate::status::ClientState;
use crate::v1::TraceContext;
use crate::worker::lease::Lease;
use crate::worker::outcome::Outcome;
use std::sync::Arc;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct CurrentContext;

impl CurrentContext {
    pub(crate) const fn get() -> Self {
        Self
    }
}

pub(crate) struct SendSpan;

impl SendSpan {
    pub(crate) const fn start(_within: CurrentContext, _queue: &str) -> (Self, Option<TraceContext>) {
        (Self, None)
    }

    pub(crate) const fn end(self, _result: &Result<Receipt, Error>) {}
}

pub(crate) struct HandlerSpan;

impl HandlerSpan {
    pub(crate) const fn start(_batch: &[Arc<Lease>]) -> Self {
        Self
    }

    pub(crate) const fn within<F: Future>(&self, work: F) -> F {
        work
    }

    pub(crate) const fn end(self, _outcomes: &[Outcome]) {}
}

pub(crate) struct Instruments;

impl Instruments {
    pub(crate) const fn new(_target: &str, _state: &Arc<ClientState>) -> Option<Self> {
        None
    }

    pub(crate) const fn sent(&self, _queue: &str, _result: &Result<Receipt, Error>) {}

    pub(crate) const fn handled(&self, _queue: &str, _outcome: &Outcome, _duration: Duration) {}
}
