package dlq

import (
	"context"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	// The service's limits, in bytes.
	maxTraceparent = 128
	maxTracestate  = 512
)

// TraceContext is a W3C Trace Context.
type TraceContext struct {
	Traceparent string
	Tracestate  string
}

// message omits values beyond the limits, such as of a header: the service would refuse the whole message.
func (t TraceContext) message() *dlqv1.TraceContext {
	parent, state := validText(t.Traceparent), validText(t.Tracestate)
	if parent == "" || len(parent) > maxTraceparent {
		return nil
	}
	if len(state) > maxTracestate {
		state = ""
	}
	return &dlqv1.TraceContext{Traceparent: parent, Tracestate: state}
}

// Tracing connects messages with traces.
type Tracing interface {
	// Current returns the trace of a context, or a zero value.
	Current(ctx context.Context) TraceContext
	// Within returns ctx with a trace, for the handler of a message.
	Within(ctx context.Context, trace TraceContext) context.Context
}

func (o *options) currentTrace(ctx context.Context) (trace TraceContext) {
	if o.tracing != nil {
		logPanic(o.logger, "WithTracing", func() { trace = o.tracing.Current(ctx) })
	}
	return trace
}

func (o *options) withinTrace(ctx context.Context, trace TraceContext) context.Context {
	within := ctx
	if o.tracing != nil && trace.Traceparent != "" {
		logPanic(o.logger, "WithTracing", func() { within = o.tracing.Within(ctx, trace) })
	}
	if within == nil {
		return ctx
	}
	return within
}
