package dlq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

var errNoLog = errors.New("the log panicked")

var errGoexit = errors.New("the handler ended its goroutine by runtime.Goexit")

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap gives the value if it is an error, such as a runtime.Error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// shielded calls what a caller handed over: a panic of it is said in the log, and costs nothing else.
func shielded(logger *slog.Logger, option string, call func()) {
	defer func() {
		if value := recover(); value != nil {
			logger.Error("dlq: a function of the program's panicked", "option", option, "panic", value, "stack", string(debug.Stack()))
		}
	}()
	call()
}

// shieldedHandler is of the program's log: a panic of it costs the line, and nothing of what is said in it.
type shieldedHandler struct{ slog.Handler }

func (h shieldedHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return saidBy(func() bool { return h.Handler.Enabled(ctx, level) }, false)
}

func (h shieldedHandler) Handle(ctx context.Context, record slog.Record) error {
	return saidBy(func() error { return h.Handler.Handle(ctx, record) }, errNoLog)
}

// tell is shielded in a goroutine of its own, which the call may also end, as t.FailNow does: those of the client have
// other things to do.
func tell(logger *slog.Logger, option string, call func()) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		shielded(logger, option, call)
	}()
	<-told
}

// guarded calls fn and makes an error of its panic: a message that has a program panic must not come
// back as a crash of the whole process each time that it is retried.
func guarded(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = NewPanicError(value)
		}
	}()
	return fn()
}
