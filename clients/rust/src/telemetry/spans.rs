//! Spans of sends and handlers.

use crate::error::Error;
use crate::receipt::Receipt;
use crate::status::status_name;
use crate::telemetry::queue_attributes;
use crate::telemetry::recording::Recording;
use crate::trace_context;
use crate::v1::TraceContext;
use crate::worker::lease::Lease;
use crate::worker::outcome::Outcome;
use opentelemetry::trace::{FutureExt, Link, SpanBuilder, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use std::sync::Arc;

/// The context in which a program builds a send.
#[derive(Default)]
pub(crate) struct CurrentContext(Context);

impl CurrentContext {
    pub(crate) fn get() -> Self {
        Self(Context::current())
    }
}

/// The span of a send. Without a tracer that records there is none.
pub(crate) struct SendSpan(Option<Recording>);

impl SendSpan {
    /// Also returns the trace context of the message.
    pub(crate) fn start(CurrentContext(within): CurrentContext, queue: &str) -> (Self, Option<TraceContext>) {
        let attributes = queue_attributes("send", queue).into_iter();
        let builder = SpanBuilder::from_name(format!("send {queue}"))
            .with_kind(SpanKind::Producer)
            .with_attributes(attributes.chain([KeyValue::new("messaging.operation.type", "send")]));
        let recording = Recording::start(builder, &within);
        let context = recording.as_ref().map_or(within, Recording::context);
        let trace = trace_context::of(context.span().span_context());
        (Self(recording), trace)
    }

    pub(crate) fn end(self, result: &Result<Receipt, Error>) {
        let Some(recording) = self.0 else { return };
        recording.update(|span| {
            span.set_attribute(KeyValue::new("dlq.status", status_name(result)));
            match result {
                Ok(receipt) => {
                    if let Some(id) = receipt.id().filter(|id| !id.is_empty()) {
                        span.set_attribute(KeyValue::new("messaging.message.id", id.to_owned()));
                    }
                }
                Err(error) => {
                    span.set_attribute(KeyValue::new("error.type", error.kind().as_str()));
                    span.set_status(Status::error(error.to_string()));
                }
            }
        });
        recording.end();
    }
}

/// The span of a handler. It is the first of a new trace, because a retry may come hours after the send, and links to
/// the spans of the sends. Without a tracer that records, the span of the send of a single delivery is active.
pub(crate) struct HandlerSpan {
    // Dropped first: the recording catches a panic of the last one.
    context: Context,
    recording: Option<Recording>,
}

impl HandlerSpan {
    pub(crate) fn start(batch: &[Arc<Lease>]) -> Self {
        let origins: Vec<_> = batch
            .iter()
            .filter_map(|lease| trace_context::span_context(lease.trace_context()?))
            .collect();
        let queue = batch.first().map_or("", |lease| lease.queue());
        let mut attributes = queue_attributes("process", queue).to_vec();
        attributes.push(KeyValue::new("messaging.operation.type", "process"));
        if let [lease] = batch {
            attributes.push(KeyValue::new("messaging.message.id", lease.id().to_owned()));
            attributes.push(KeyValue::new("dlq.attempt", i64::from(lease.attempt)));
        } else {
            let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new("messaging.batch.message_count", count));
        }
        let builder = SpanBuilder::from_name(format!("process {queue}"))
            .with_kind(SpanKind::Consumer)
            .with_attributes(attributes)
            .with_links(origins.iter().cloned().map(Link::with_context).collect());
        let root = Context::new();
        let recording = Recording::start(builder, &root);
        let context = match (&recording, batch.len(), origins.into_iter().next()) {
            (Some(recording), ..) => recording.context(),
            (None, 1, Some(origin)) => root.with_remote_span_context(origin),
            _ => root,
        };
        Self { context, recording }
    }

    /// Runs a handler in the context of its span.
    pub(crate) fn within<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.with_context(self.context.clone())
    }

    pub(crate) fn end(self, outcomes: &[Outcome]) {
        let Self { context, recording } = self;
        drop(context);
        let Some(recording) = recording else { return };
        let mut kinds = Vec::new();
        for kind in outcomes.iter().map(|outcome| outcome.kind().as_str()) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        recording.update(|span| {
            span.set_attribute(KeyValue::new("dlq.outcome", kinds.join(",")));
            if let Some(failure) = outcomes.iter().find_map(Outcome::failure) {
                let exception = vec![
                    KeyValue::new("exception.type", failure.r#type.clone()),
                    KeyValue::new("exception.message", failure.message.clone()),
                ];
                span.add_event("exception", exception);
                span.set_attribute(KeyValue::new("error.type", failure.r#type.clone()));
                span.set_status(Status::error(""));
            }
        });
        recording.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;

    fn lease_of(client: &crate::Client, traceparent: &str) -> Arc<Lease> {
        let trace_context = Some(TraceContext {
            traceparent: traceparent.to_owned(),
            tracestate: "vendor=1".to_owned(),
        });
        let message = Some(v1::Message {
            trace_context,
            ..v1::Message::default()
        });
        let delivery = v1::Delivery {
            message,
            ..v1::Delivery::default()
        };
        Lease::new(delivery, client.clone()).unwrap()
    }

    #[tokio::test]
    async fn without_a_tracer_a_handlers_context_is_that_of_its_message() {
        let client = crate::Client::builder("127.0.0.1:1")
            .without_spool()
            .build()
            .unwrap();
        let current = async || trace_context::of(Context::current().span().span_context());
        let seen = async |batch: &[Arc<Lease>]| HandlerSpan::start(batch).within(current()).await;
        let known = lease_of(&client, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let seen_by_one = seen(&[Arc::clone(&known)]).await;
        assert_eq!(seen_by_one.as_ref(), known.trace_context());
        assert_eq!(seen(&[known.clone(), known]).await, None);
        assert_eq!(seen(&[lease_of(&client, "00-0-0-00")]).await, None);
        assert_eq!(current().await, None);
    }
}
