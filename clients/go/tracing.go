package dlq

import "context"

// TraceContext is a W3C Trace Context.
type TraceContext struct {
	Traceparent string
	Tracestate  string
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
