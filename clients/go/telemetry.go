package dlq

import (
	"context"
	"log/slog"
)

// Telemetry gives a client spans and metrics. Module dlqotel implements it for OpenTelemetry. Its methods and the
// functions that they return must be fast and safe for concurrent use.
type Telemetry interface {
	// BeginSend begins the span of a send. It returns the trace that goes with the message, and a function that gets
	// the result. err is nil unless the message is dropped.
	BeginSend(ctx context.Context, queue string) (TraceContext, func(result Result, err *Error))
	// BeginHandler begins the span of a handler. It returns the context of the handler, and a function that gets what
	// became of each delivery, in order.
	BeginHandler(ctx context.Context, deliveries []*Delivery) (context.Context, func([]Handled))
	// Observe begins to measure the state of a client. It returns a function that ends this, which Close calls.
	Observe(target string, status func() ClientStatus) (stop func())
}

// Handled is what became of a delivery in its handler.
type Handled struct {
	Outcome OutcomeKind
	// ErrorType is the type of the failure, as in its message. It is empty if the handler did not fail.
	ErrorType string
	// Err is what a failed handler returned, the argument of [Fail], or a [*PanicError].
	Err error
}

// safeTelemetry calls the user's telemetry, which may be nil. Its panics are logged at most once a minute: each send may
// panic, also that of a log handler.
type safeTelemetry struct {
	telemetry Telemetry
	logger    *slog.Logger
	due       *onceAMinute
}

func (s safeTelemetry) call(call func()) {
	defer func() {
		if value := recover(); value != nil && s.due.isDue() {
			logPanicked(s.logger, panickedLine("WithTelemetry"), value)
		}
	}()
	call()
}

// beginSend returns a nil function if nothing needs the result.
func (s safeTelemetry) beginSend(ctx context.Context, queue string) (TraceContext, func(Result, *Error)) {
	if s.telemetry == nil {
		return TraceContext{}, nil
	}
	var trace TraceContext
	var ended func(Result, *Error)
	s.call(func() { trace, ended = s.telemetry.BeginSend(ctx, queue) })
	if ended == nil {
		return trace, nil
	}
	return trace, func(result Result, err *Error) { s.call(func() { ended(result, err) }) }
}

// beginHandler returns a nil function if nothing needs the outcomes.
func (s safeTelemetry) beginHandler(ctx context.Context, deliveries []*Delivery) (context.Context, func([]Handled)) {
	if s.telemetry == nil {
		return ctx, nil
	}
	var within context.Context
	var ended func([]Handled)
	s.call(func() { within, ended = s.telemetry.BeginHandler(ctx, deliveries) })
	if within == nil {
		within = ctx
	}
	if ended == nil {
		return within, nil
	}
	return within, func(handled []Handled) { s.call(func() { ended(handled) }) }
}

func (s safeTelemetry) observe(target string, status func() ClientStatus) func() {
	var stop func()
	if s.telemetry != nil {
		s.call(func() { stop = s.telemetry.Observe(target, status) })
	}
	if stop == nil {
		return func() {}
	}
	return func() { s.call(stop) }
}
