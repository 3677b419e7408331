//! Spans and metrics by OpenTelemetry's API and its conventions for messaging. Without the feature `opentelemetry`
//! they do nothing.

#[cfg(not(feature = "opentelemetry"))]
mod disabled;
#[cfg(feature = "opentelemetry")]
mod metrics;
#[cfg(feature = "opentelemetry")]
mod recording;
#[cfg(feature = "opentelemetry")]
mod spans;

#[cfg(not(feature = "opentelemetry"))]
pub(crate) use disabled::{CurrentContext, HandlerSpan, Instruments, SendSpan};
#[cfg(feature = "opentelemetry")]
pub(crate) use metrics::Instruments;
#[cfg(feature = "opentelemetry")]
pub(crate) use spans::{CurrentContext, HandlerSpan, SendSpan};

/// The name of the tracer and the meter.
#[cfg(feature = "opentelemetry")]
const SCOPE: &str = "dlq-client";

/// Returns the attributes of all spans and metrics of a queue.
#[cfg(feature = "opentelemetry")]
fn queue_attributes(operation: &'static str, queue: &str) -> [opentelemetry::KeyValue; 3] {
    use opentelemetry::KeyValue;
    [
        KeyValue::new("messaging.system", "dlq"),
        KeyValue::new("messaging.operation.name", operation),
        KeyValue::new("messaging.destination.name", queue.to_owned()),
    ]
}
