package dlq

import (
	"context"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	// What the service takes of each.
	mostTraceparent = 128
	mostTracestate  = 512
)

// TraceContext is a W3C Trace Context.
type TraceContext struct {
	Traceparent string
	Tracestate  string
}

// message leaves out what the service would refuse the whole message for: it is somebody else's, such as of a header.
func (t TraceContext) message() *dlqv1.TraceContext {
	parent, state := validText(t.Traceparent), validText(t.Tracestate)
	if parent == "" || len(parent) > mostTraceparent {
		return nil
	}
	if len(state) > mostTracestate {
		state = ""
	}
	return &dlqv1.TraceContext{Traceparent: parent, Tracestate: state}
}

// Tracing connects messages with traces.
type Tracing interface {
	// Current is the trace that a context is of; zero where there is none.
	Current(ctx context.Context) TraceContext
	// Within is ctx with that trace, for the handler of a message that belongs to it.
	Within(ctx context.Context, trace TraceContext) context.Context
}

func (o *options) currentTrace(ctx context.Context) (trace TraceContext) {
	if o.tracing != nil {
		shielded(o.logger, "WithTracing", func() { trace = o.tracing.Current(ctx) })
	}
	return trace
}

func (o *options) withinTrace(ctx context.Context, trace TraceContext) context.Context {
	within := ctx
	if o.tracing != nil && trace.Traceparent != "" {
		shielded(o.logger, "WithTracing", func() { within = o.tracing.Within(ctx, trace) })
	}
	if within == nil {
		return ctx
	}
	return within
}
