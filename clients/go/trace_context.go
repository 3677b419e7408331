package dlq

import "github.com/dlq-service/dlq/clients/go/dlqv1"

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
