// Package dlqotel connects messages with OpenTelemetry traces. It is a separate module, so that package dlq does
// not depend on OpenTelemetry.
//
//	client, err := dlq.New(target, dlq.WithTracing(dlqotel.Tracing()))
package dlqotel

import (
	"context"

	"github.com/dlq-service/dlq/clients/go"
	"go.opentelemetry.io/otel/propagation"
)

const (
	parentKey = "traceparent"
	stateKey  = "tracestate"
)

// Tracing returns a tracing that sends the span of the context with each message, and gives the handler a context
// with that span.
func Tracing() dlq.Tracing { return tracing{} }

type tracing struct{ format propagation.TraceContext }

func (t tracing) Current(ctx context.Context) dlq.TraceContext {
	carrier := propagation.MapCarrier{}
	t.format.Inject(ctx, carrier)
	return dlq.TraceContext{Traceparent: carrier[parentKey], Tracestate: carrier[stateKey]}
}

func (t tracing) Within(ctx context.Context, trace dlq.TraceContext) context.Context {
	return t.format.Extract(ctx, propagation.MapCarrier{
		parentKey: trace.Traceparent, stateKey: trace.Tracestate,
	})
}
