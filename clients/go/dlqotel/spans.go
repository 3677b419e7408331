package dlqotel

import (
	"context"
	"slices"
	"strings"

	"github.com/dlq-service/dlq/clients/go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	parentKey = "traceparent"
	stateKey  = "tracestate"
)

// sendSpan is the span of a send.
type sendSpan struct {
	trace.Span
	// traceContext is that of the span or, if it is not recorded, of the context.
	traceContext dlq.TraceContext
}

func (t *telemetry) beginSendSpan(ctx context.Context, queue string) sendSpan {
	within, span := t.tracer.Start(ctx, "send "+queue, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(queueAttributes("send", queue, attribute.String("messaging.operation.type", "send"))...))
	if !span.IsRecording() {
		within = ctx
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(within, carrier)
	return sendSpan{span, dlq.TraceContext{Traceparent: carrier[parentKey], Tracestate: carrier[stateKey]}}
}

func (s sendSpan) end(result dlq.Result, err *dlq.Error) {
	defer s.End()
	if !s.IsRecording() {
		return
	}
	s.SetAttributes(attribute.String("dlq.status", string(result.Status)))
	if result.ID != "" {
		s.SetAttributes(attribute.String("messaging.message.id", result.ID))
	}
	if err != nil {
		s.SetAttributes(errorType(string(err.Kind)))
		s.SetStatus(codes.Error, err.Error())
	}
}

// beginHandlerSpan returns the context of the handler, and a function that ends its span.
func (t *telemetry) beginHandlerSpan(
	ctx context.Context, deliveries []*dlq.Delivery,
) (within context.Context, end func([]dlq.Handled)) {
	var links []trace.Link
	for _, d := range deliveries {
		if origin := trace.SpanContextFromContext(withTraceOf(context.Background(), d)); origin.IsValid() {
			links = append(links, trace.Link{SpanContext: origin})
		}
	}
	queue := deliveries[0].Queue
	within, span := t.tracer.Start(ctx, "process "+queue, trace.WithNewRoot(),
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...),
		trace.WithAttributes(queueAttributes("process", queue, attribute.String("messaging.operation.type", "process"))...),
		trace.WithAttributes(numbersOf(deliveries)...))
	if !span.IsRecording() {
		if len(deliveries) == 1 {
			ctx = withTraceOf(ctx, deliveries[0])
		}
		return ctx, func([]dlq.Handled) { span.End() }
	}
	return within, func(handled []dlq.Handled) { endHandlerSpan(span, handled) }
}

// withTraceOf returns the context with the span of a delivery's send, if it has one.
func withTraceOf(ctx context.Context, d *dlq.Delivery) context.Context {
	if d.TraceContext.Traceparent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{
		parentKey: d.TraceContext.Traceparent, stateKey: d.TraceContext.Tracestate,
	})
}

func numbersOf(deliveries []*dlq.Delivery) []attribute.KeyValue {
	if len(deliveries) > 1 {
		return []attribute.KeyValue{attribute.Int("messaging.batch.message_count", len(deliveries))}
	}
	return []attribute.KeyValue{
		attribute.String("messaging.message.id", deliveries[0].ID),
		attribute.Int("dlq.attempt", deliveries[0].Attempt),
	}
}

func endHandlerSpan(span trace.Span, handled []dlq.Handled) {
	defer span.End() // also if the text of an error panics
	var outcomes []string
	for _, one := range handled {
		if !slices.Contains(outcomes, string(one.Outcome)) {
			outcomes = append(outcomes, string(one.Outcome))
		}
	}
	span.SetAttributes(attribute.String("dlq.outcome", strings.Join(outcomes, ",")))
	failed := slices.IndexFunc(handled, func(one dlq.Handled) bool { return one.Outcome == dlq.Failed })
	if failed < 0 {
		return
	}
	span.SetAttributes(errorType(handled[failed].ErrorType))
	span.SetStatus(codes.Error, "")
	span.RecordError(handled[failed].Err)
}
