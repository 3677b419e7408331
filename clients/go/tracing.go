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
	// Within is a context of that trace, for the handler of a message that belongs to it.
	Within(ctx context.Context, trace TraceContext) context.Context
}
