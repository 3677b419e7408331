package dlq

import (
	"runtime/debug"
	"time"

	"google.golang.org/grpc/codes"
)

// Kind says why a call of this client did not do what was asked. Each kind is an error itself, to
// compare with by errors.Is.
type Kind string

const (
	// ErrDeadline: no answer in time.
	ErrDeadline Kind = "deadline"
	// ErrBufferFull: more is pending than [Coalescing] allows.
	ErrBufferFull Kind = "buffer-full"
	// ErrSpoolFull: it could not be sent in time, and there is no room to keep it.
	ErrSpoolFull Kind = "spool-full"
	// ErrRefused: the server looked at it and said no.
	ErrRefused Kind = "refused"
	// ErrUnauthenticated: the server wants a token, or another one.
	ErrUnauthenticated Kind = "unauthenticated"
	// ErrInvalid: it can't be put on the wire.
	ErrInvalid Kind = "invalid"
	// ErrAborted: by the caller's context.
	ErrAborted Kind = "aborted"
	// ErrClosed: the client was closed, or the worker stopped.
	ErrClosed Kind = "closed"
	// ErrLeaseLost: an outcome came too late and does not count. It is also the cause of a handler's
	// context that was cancelled because somebody else may have the message.
	ErrLeaseLost Kind = "lease-lost"
	// ErrConnection: a worker's stream broke; it is opened again.
	ErrConnection Kind = "connection"
)

// Error makes a kind comparable by errors.Is.
func (k Kind) Error() string { return "dlq: " + string(k) }

// Error is an error of this client. Branch on its Kind, by errors.Is or errors.As; its words say what to do.
type Error struct {
	Kind Kind
	// MaybeStored is true if a try went out and its answer is not known: the server may have taken it.
	MaybeStored bool
	// Code is the status of the call that failed, if one did; else OK.
	Code  codes.Code
	words string
	cause error
}

func newError(kind Kind, words string, cause error) *Error {
	return &Error{Kind: kind, words: words, cause: cause}
}

func (e *Error) Error() string { return "dlq: " + e.words }

// Unwrap gives what it was caused by, mostly the error of a gRPC call.
func (e *Error) Unwrap() error { return e.cause }

// Is says whether target is its kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// RetryAfter says of an error that somebody told when to come back: that replaces the policy's delay.
// It is nil for a nil error.
func RetryAfter(err error, delay time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{err, delay}
}

// NonRetryable says of an error that trying again can't help: its message goes to quarantine. It is
// nil for a nil error.
func NonRetryable(err error) error {
	if err == nil {
		return nil
	}
	return &nonRetryableError{err}
}

type retryAfterError struct {
	error
	delay time.Duration
}

func (e *retryAfterError) Unwrap() error             { return e.error }
func (e *retryAfterError) RetryAfter() time.Duration { return e.delay }

type nonRetryableError struct{ error }

func (e *nonRetryableError) Unwrap() error      { return e.error }
func (e *nonRetryableError) NonRetryable() bool { return true }

// retryAfterOf is an error's own word, of RetryAfter or of any error with that method.
func retryAfterOf(err error) (time.Duration, bool) {
	told, ok := inChain[interface{ RetryAfter() time.Duration }](err)
	if !ok {
		return 0, false
	}
	delay := saidBy(told.RetryAfter, -1)
	return min(delay, mostWait), delay >= 0
}

func isNonRetryable(err error) bool {
	told, ok := inChain[interface{ NonRetryable() bool }](err)
	return ok && saidBy(told.NonRetryable, false)
}

// PanicError is what a handler or a wrapped function panicked with.
type PanicError struct {
	// Value was given to panic.
	Value any
	stack []byte
}

// NewPanicError is for middleware of your own: it makes an error of what recover has given, with the stack of whoever
// panicked. Call it where you recover.
func NewPanicError(value any) *PanicError { return &PanicError{Value: value, stack: debug.Stack()} }
