//! The trace context of messages, from OpenTelemetry with the feature `opentelemetry`.

use crate::v1::TraceContext;

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

/// Returns the context of the active span.
#[cfg(feature = "opentelemetry")]
pub(crate) fn current() -> Option<TraceContext> {
    use opentelemetry::Context;
    use opentelemetry::trace::TraceContextExt;
    let context = Context::current();
    let span = context.span();
    let span = span.span_context();
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

#[cfg(not(feature = "opentelemetry"))]
pub(crate) const fn current() -> Option<TraceContext> {
    None
}

/// Runs `work` within the trace of its message.
#[cfg(feature = "opentelemetry")]
pub(crate) fn within<F: Future>(trace: Option<&TraceContext>, work: F) -> impl Future<Output = F::Output> {
    use opentelemetry::Context;
    use opentelemetry::trace::{FutureExt, TraceContextExt};
    let current = Context::current();
    let context = match trace.and_then(remote::span) {
        Some(span) => current.with_remote_span_context(span),
        None => current,
    };
    work.with_context(context)
}

#[cfg(not(feature = "opentelemetry"))]
pub(crate) fn within<F: Future>(_trace: Option<&TraceContext>, work: F) -> F {
    work
}

#[cfg(feature = "opentelemetry")]
mod remote {
    use crate::v1::TraceContext;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    /// Parses a W3C header. Returns `None` if it is invalid.
    pub(super) fn span(trace: &TraceContext) -> Option<SpanContext> {
        let mut parts = trace.traceparent.split('-').skip(1);
        let trace_id = TraceId::from_hex(parts.next()?).ok()?;
        let span_id = SpanId::from_hex(parts.next()?).ok()?;
        let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
        let state = trace.tracestate.parse::<TraceState>().unwrap_or_default();
        let span = SpanContext::new(trace_id, span_id, flags, true, state);
        span.is_valid().then_some(span)
    }
}

#[cfg(all(test, feature = "opentelemetry"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_handlers_context_is_that_of_its_message() {
        let trace = TraceContext {
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            tracestate: "vendor=1".to_owned(),
        };
        assert_eq!(within(Some(&trace), async { current() }).await, Some(trace));
        let none = TraceContext {
            traceparent: "00-0-0-00".to_owned(),
            tracestate: String::new(),
        };
        assert_eq!(within(Some(&none), async { current() }).await, None);
        assert_eq!(current(), None);
    }
}
