// Package dlqotel has messages belong to the OpenTelemetry traces of who sends and who handles them. It is a
// module of its own, so that others need no OpenTelemetry.
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

// Tracing sends the context's span along, and has a handler's context be of its message's trace.
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
