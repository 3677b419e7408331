package dlq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
)

var (
	errLogPanicked = errors.New("the log handler panicked")
	errGoexit      = errors.New("the handler ended its goroutine by runtime.Goexit")
)

// PanicError is the error of a handler or wrapped function that panicked.
type PanicError struct {
	// Value is the argument of panic.
	Value any
	stack []byte
}

// NewPanicError returns the error of a recovered value, for middleware of your own. Call it in the deferred
// function that recovers, so that it has the stack of the panic.
func NewPanicError(value any) *PanicError { return &PanicError{Value: value, stack: debug.Stack()} }

// Stack returns the stack of the panic.
func (e *PanicError) Stack() string { return string(e.stack) }

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error, such as a runtime.Error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// catchPanic calls fn and returns its panic as an error: otherwise a message whose handler panics would end
// the process at every retry.
func catchPanic(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = NewPanicError(value)
		}
	}()
	return fn()
}

// logPanic calls a function of the user and logs its panic.
func logPanic(logger *slog.Logger, line string, call func()) {
	defer func() {
		if value := recover(); value != nil {
			logPanicked(logger, line, value)
		}
	}()
	call()
}

// logPanicked logs a recovered value. Call it in the deferred function that recovers.
func logPanicked(logger *slog.Logger, line string, value any) {
	logger.Error(line, "panic", value, "stack", string(debug.Stack()))
}

// panickedLine returns the line about a panic of the function of an option.
func panickedLine(option string) string {
	return "dlq: the function of option " + option + " panicked; ignoring the panic"
}

// notify calls a function of the user in a goroutine of its own and waits for it. The function may panic, or
// end its goroutine as t.FailNow does.
func notify(logger *slog.Logger, panicLine string, call func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		logPanic(logger, panicLine, call)
	}()
	<-done
}

// safeLogHandler wraps the user's log handler. If it panics, the line is lost.
type safeLogHandler struct {
	slog.Handler
	running *atomic.Int32 // calls of Handle
}

func (h safeLogHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return safeRead(func() bool { return h.Handler.Enabled(ctx, level) }, false)
}

func (h safeLogHandler) Handle(ctx context.Context, record slog.Record) error {
	h.running.Add(1)
	defer h.running.Add(-1)
	return safeRead(func() error { return h.Handler.Handle(ctx, record) }, errLogPanicked)
}
