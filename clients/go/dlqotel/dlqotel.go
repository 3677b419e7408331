// Package dlqotel gives a client spans and metrics by OpenTelemetry. It is a separate module, so that package dlq does
// not depend on OpenTelemetry.
//
//	client, err := dlq.New(target, dlq.WithTelemetry(dlqotel.New()))
//
// Sends and handlers have spans by OpenTelemetry's conventions for messaging. The span of a handler is the first of a
// new trace, because a retry may come hours after the send, and links to the span of the send. Without a tracer that
// records, the context of a handler continues the trace of the send.
package dlqotel

import (
	"context"

	"github.com/dlq-service/dlq/clients/go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name of the tracer and the meter.
const scope = "github.com/dlq-service/dlq/clients/go/dlqotel"

// Option is an option of [New].
type Option func(*options)

type options struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider sets the provider of the tracer. Default: the global one.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(o *options) { o.tracers = provider }
}

// WithMeterProvider sets the provider of the meter. Default: the global one.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(o *options) { o.meters = provider }
}

// New returns the telemetry of one or more clients.
func New(opts ...Option) dlq.Telemetry {
	o := options{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, option := range opts {
		option(&o)
	}
	return &telemetry{
		tracer:  o.tracers.Tracer(scope),
		metrics: newMetrics(o.meters.Meter(scope)),
	}
}

type telemetry struct {
	tracer trace.Tracer
	*metrics
}

func (t *telemetry) BeginSend(ctx context.Context, queue string) (dlq.TraceContext, func(dlq.Result, *dlq.Error)) {
	span := t.beginSendSpan(ctx, queue)
	return span.traceContext, func(result dlq.Result, err *dlq.Error) {
		defer span.end(result, err)
		t.sent(queue, result, err)
	}
}

func (t *telemetry) BeginHandler(ctx context.Context, deliveries []*dlq.Delivery) (context.Context, func([]dlq.Handled)) {
	ctx, end := t.beginHandlerSpan(ctx, deliveries)
	measure := t.beginHandler(deliveries)
	return ctx, func(handled []dlq.Handled) {
		defer end(handled)
		measure(handled)
	}
}

// queueAttributes returns more and the attributes of all spans and metrics of a queue.
func queueAttributes(operation, queue string, more ...attribute.KeyValue) []attribute.KeyValue {
	return append([]attribute.KeyValue{
		attribute.String("messaging.system", "dlq"),
		attribute.String("messaging.operation.name", operation),
		attribute.String("messaging.destination.name", queue),
	}, more...)
}

func errorType(name string) attribute.KeyValue { return attribute.String("error.type", name) }
