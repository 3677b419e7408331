//! Counts sends and measures handlers.

use crate::error::Error;
use crate::receipt::Receipt;
use crate::status::ClientState;
use crate::telemetry::Instruments;
use crate::worker::outcome::Outcome;
use std::sync::Arc;
use std::time::Duration;

/// Counts sends, and has the metrics of a client with OpenTelemetry.
pub(crate) struct ClientMetrics {
    state: Arc<ClientState>,
    instruments: Option<Instruments>,
}

impl ClientMetrics {
    /// `target` names the client in the metrics of its state.
    pub(crate) fn new(target: &str, state: ClientState) -> Self {
        let state = Arc::new(state);
        let instruments = Instruments::new(target, &state);
        Self { state, instruments }
    }

    pub(crate) fn state(&self) -> &ClientState {
        &self.state
    }

    pub(crate) fn sent(&self, queue: &str, result: &Result<Receipt, Error>) {
        self.state.sends.add(result);
        if let Some(instruments) = &self.instruments {
            instruments.sent(queue, result);
        }
    }

    /// Records how long a handler ran, or how long a delivery of a stream was held.
    pub(crate) fn handled(&self, queue: &str, outcome: &Outcome, duration: Duration) {
        if let Some(instruments) = &self.instruments {
            instruments.handled(queue, outcome, duration);
        }
    }
}
