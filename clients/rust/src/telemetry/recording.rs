//! A span of foreign code, which may panic in each call.

use crate::panics::catch_panic;
use crate::telemetry::SCOPE;
use opentelemetry::trace::{SpanBuilder, SpanRef, TraceContextExt, Tracer};
use opentelemetry::{Context, global};

/// A span that records, in its context. A panic of the tracer, the span or its exporter has no effect.
pub(super) struct Recording {
    /// `None` only while it is dropped.
    context: Option<Context>,
}

impl Recording {
    /// Returns `None` without a tracer that records, or if it panics.
    pub(super) fn start(builder: SpanBuilder, within: &Context) -> Option<Self> {
        let context =
            catch_panic(|| within.with_span(global::tracer(SCOPE).build_with_context(builder, within)))?;
        let recording = Self {
            context: Some(context),
        };
        let mut is_recording = false;
        recording.update(|span| is_recording = span.is_recording());
        is_recording.then_some(recording)
    }

    pub(super) fn context(&self) -> Context {
        self.context.clone().unwrap_or_default()
    }

    pub(super) fn update(&self, update: impl FnOnce(SpanRef<'_>)) {
        if let Some(context) = &self.context {
            catch_panic(|| update(context.span()));
        }
    }

    pub(super) fn end(self) {
        self.update(|span| span.end());
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let context = self.context.take();
        catch_panic(|| drop(context)); // ends the span if it has not ended
    }
}
