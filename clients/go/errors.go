package dlq

import (
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
)

// Kind is the kind of an [Error]. Each kind is an error itself, for errors.Is.
type Kind string

const (
	// ErrDeadline means that no answer came in time.
	ErrDeadline Kind = "deadline"
	// ErrBufferFull means that more is pending than [Coalescing] allows.
	ErrBufferFull Kind = "buffer-full"
	// ErrSpoolFull means that the message was not sent in time, and the spool has no room.
	ErrSpoolFull Kind = "spool-full"
	// ErrRefused means that the server refused the request.
	ErrRefused Kind = "refused"
	// ErrUnauthenticated means that the server requires a valid token.
	ErrUnauthenticated Kind = "unauthenticated"
	// ErrInvalid means that the message can't be encoded, or has no queue.
	ErrInvalid Kind = "invalid"
	// ErrAborted means that the caller's context ended.
	ErrAborted Kind = "aborted"
	// ErrClosed means that the client is closed, or the worker stopped.
	ErrClosed Kind = "closed"
	// ErrHandlerFailed means that a handler returned an error that is no outcome, or panicked.
	ErrHandlerFailed Kind = "handler-failed"
	// ErrLeaseLost means that an outcome came too late and does not count. It is also the cause of a handler's
	// context that is cancelled because another worker may have the message.
	ErrLeaseLost Kind = "lease-lost"
	// ErrConnection means that a worker's stream broke, and the worker opens it again.
	ErrConnection Kind = "connection"
)

// Error makes a kind comparable by errors.Is.
func (k Kind) Error() string { return "dlq: " + string(k) }

// Error is an error of this client. Compare its Kind by errors.Is or errors.As. The text says what to do.
type Error struct {
	Kind Kind
	// MaybeStored is true if a try was sent and its answer is unknown: the server may have stored the message.
	MaybeStored bool
	// Code is the gRPC status of the failed call, or OK if no call failed.
	Code  codes.Code
	text  string
	cause error
}

func newError(kind Kind, text string, cause error) *Error {
	return &Error{Kind: kind, text: text, cause: cause}
}

func (e *Error) Error() string { return "dlq: " + e.text }

// Unwrap returns the cause, mostly the error of a gRPC call.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the error's kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// RetryAfter returns an error for a message that is retried after delay, in place of the policy's delay. It wraps err.
// The message is retried also if err is nil, as in code that got a bad answer without an error: with nil in place of
// this error it would be removed. Return nil for success.
func RetryAfter(err error, delay time.Duration) error {
	return &retryAfterError{orUnknown(err), delay}
}

// NonRetryable returns an error for a message that is quarantined, because no retry can help. It wraps err, and is an
// error also if err is nil.
func NonRetryable(err error) error {
	return &nonRetryableError{orUnknown(err)}
}

// Fingerprint returns an error for a message whose failure has a fingerprint, as by [WithFingerprint]. It wraps err, and is
// an error also if err is nil.
func Fingerprint(err error, fingerprint string) error {
	return &fingerprintError{orUnknown(err), fingerprint}
}

var errUnknown = errors.New("the failure has no error: Fail, RetryAfter, NonRetryable or Fingerprint was called with nil")

// orUnknown returns err, or an error in place of nil.
func orUnknown(err error) error {
	if err == nil {
		return errUnknown
	}
	return err
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

type fingerprintError struct {
	error
	fingerprint string
}

func (e *fingerprintError) Unwrap() error { return e.error }

// retryAfterOf returns the delay of RetryAfter, or of the first error with that method that has one.
func retryAfterOf(err error) (time.Duration, bool) {
	for _, one := range chainOf(err) {
		if e, ok := one.(interface{ RetryAfter() time.Duration }); ok {
			if delay := safeRead(e.RetryAfter, -1); delay >= 0 {
				return min(delay, maxDelay), true
			}
		}
	}
	return 0, false
}

// isNonRetryable reports whether an error of the chain says so: then no retry can help, whatever the others are.
func isNonRetryable(err error) bool {
	return slices.ContainsFunc(chainOf(err), func(one error) bool {
		e, ok := one.(interface{ NonRetryable() bool })
		return ok && safeRead(e.NonRetryable, false)
	})
}
