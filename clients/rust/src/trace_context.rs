//! The trace context of messages.

use crate::v1::TraceContext;
#[cfg(feature = "opentelemetry")]
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

// Limits of the API.
const MAX_TRACEPARENT_BYTES: usize = 128;
const MAX_TRACESTATE_BYTES: usize = 512;

/// Leaves out a context that is too long, e.g. from a header: the service would refuse the whole message.
pub(crate) fn without_oversized(mut trace: TraceContext) -> Option<TraceContext> {
    if trace.traceparent.is_empty() || trace.traceparent.len() > MAX_TRACEPARENT_BYTES {
        return None;
    }
    if trace.tracestate.len() > MAX_TRACESTATE_BYTES {
        trace.tracestate.clear();
    }
    Some(trace)
}

/// Returns the context of a span, in W3C's form. `None` if there is no span.
#[cfg(feature = "opentelemetry")]
pub(crate) fn of(span: &SpanContext) -> Option<TraceContext> {
    span.is_valid().then(|| TraceContext {
        traceparent: format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        ),
        tracestate: span.trace_state().header(),
    })
}

/// Returns the span that a message names. `None` if the context is invalid.
#[cfg(feature = "opentelemetry")]
pub(crate) fn span_context(trace: &TraceContext) -> Option<SpanContext> {
    let mut parts = trace.traceparent.split('-').skip(1);
    let trace_id = TraceId::from_hex(parts.next()?).ok()?;
    let span_id = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
    let state = trace.tracestate.parse::<TraceState>().unwrap_or_default();
    let span = SpanContext::new(trace_id, span_id, flags, true, state);
    span.is_valid().then_some(span)
}
