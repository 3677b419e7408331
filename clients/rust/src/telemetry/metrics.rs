//! Metrics of a client.

use crate::error::Error;
use crate::panics::catch_panic;
use crate::receipt::Receipt;
use crate::status::{ClientState, ClientStatus, status_name};
use crate::telemetry::{SCOPE, queue_attributes};
use crate::worker::outcome::Outcome;
use opentelemetry::metrics::{AsyncInstrument, Counter, Histogram, Meter};
use opentelemetry::{KeyValue, global};
use std::sync::Arc;
use std::time::Duration;

/// Seconds. Those that OpenTelemetry's conventions give for durations.
const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The instruments of a client. A panic of foreign code has no effect.
pub(crate) struct Instruments {
    sends: Counter<u64>,
    handlers: Histogram<f64>,
}

impl Instruments {
    /// Returns `None` if the meter panics. `state` is observed until it is dropped or its client is closed.
    pub(crate) fn new(target: &str, state: &Arc<ClientState>) -> Option<Self> {
        catch_panic(|| {
            let meter = global::meter(SCOPE);
            observe(&meter, target, state);
            Self {
                sends: meter
                    .u64_counter("dlq.client.sends")
                    .with_unit("{message}")
                    .with_description("Sends, by their status")
                    .build(),
                handlers: meter
                    .f64_histogram("messaging.process.duration")
                    .with_unit("s")
                    .with_description("How long handlers ran")
                    .with_boundaries(BUCKETS.to_vec())
                    .build(),
            }
        })
    }

    pub(crate) fn sent(&self, queue: &str, result: &Result<Receipt, Error>) {
        let mut attributes = queue_attributes("send", queue).to_vec();
        attributes.push(KeyValue::new("dlq.status", status_name(result)));
        if let Err(error) = result {
            attributes.push(KeyValue::new("error.type", error.kind().as_str()));
        }
        catch_panic(|| self.sends.add(1, &attributes));
    }

    pub(crate) fn handled(&self, queue: &str, outcome: &Outcome, duration: Duration) {
        let mut attributes = queue_attributes("process", queue).to_vec();
        attributes.push(KeyValue::new("dlq.outcome", outcome.kind().as_str()));
        if let Some(failure) = outcome.failure() {
            attributes.push(KeyValue::new("error.type", failure.r#type.clone()));
        }
        catch_panic(|| self.handlers.record(duration.as_secs_f64(), &attributes));
    }
}

fn observe(meter: &Meter, target: &str, state: &Arc<ClientState>) {
    let target = KeyValue::new("dlq.target", target.to_owned());
    let gauge = |name, unit, description, value: fn(&ClientStatus) -> Option<u64>| {
        meter
            .u64_observable_gauge(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(callback(&target, state, value))
            .build();
    };
    gauge(
        "dlq.client.available",
        "1",
        "0 while calls fail and sends go to the spool at once",
        |status| Some(u64::from(status.is_available)),
    );
    gauge(
        "dlq.client.spool.messages",
        "{message}",
        "Messages in the spool",
        |status| status.spool.map(|spool| spool.messages as u64),
    );
    gauge("dlq.client.spool.bytes", "By", "Bytes of the spool", |status| {
        status.spool.map(|spool| spool.bytes)
    });
    meter
        .f64_observable_gauge("dlq.client.spool.age")
        .with_unit("s")
        .with_description("Age of the oldest message in the spool")
        .with_callback(callback(&target, state, |status| {
            status.spool.map(|spool| spool.oldest_age.as_secs_f64())
        }))
        .build();
}

/// A meter keeps its callbacks forever.
fn callback<T: 'static>(
    target: &KeyValue,
    state: &Arc<ClientState>,
    value: fn(&ClientStatus) -> Option<T>,
) -> impl Fn(&dyn AsyncInstrument<T>) + Send + Sync + 'static {
    let (attributes, state) = ([target.clone()], Arc::downgrade(state));
    move |instrument| {
        let status = state.upgrade().and_then(|state| state.open_status());
        if let Some(value) = status.as_ref().and_then(value) {
            instrument.observe(value, &attributes);
        }
    }
}
