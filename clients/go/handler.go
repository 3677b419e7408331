package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// Handler processes one delivery and returns its outcome: nil for success, what [Succeed], [Release], [Quarantine] or
// [Discard] return, or any other error for a failure, which [RetryAfter], [NonRetryable] and [Fingerprint] refine. A panic
// is a failure, too.
//
// The handler must wait for goroutines that it starts: when it returns, the message is settled and the context ends. What
// they send later is another message; if it is dropped, the log says that it may be lost. The context ends earlier if the
// lease is lost, because another worker may have the message, or if the drain timeout of a stopping worker is over;
// context.Cause returns which. Then nil releases the message.
//
// A [Client.Send] of the same message with this context becomes the outcome of the delivery, so that there is no
// second message; an outcome other than [Succeed] that the handler returns stands. A [DeadLetter] function does the same.
// If the message is sent to another queue, and that is dropped, nil is a failure, too. The outcome waits for the result of
// such a send.
type Handler func(ctx context.Context, d *Delivery) error

// BatchHandler processes several deliveries at once. What it returns is the outcome of all, as that of a [Handler],
// unless it is [Each]. A failure is reported once.
//
// The context ends when all leases are lost; [Delivery.LeaseLost] says which are. Otherwise it is as that of a
// Handler. A Send of one of its messages becomes the outcome of that delivery only.
type BatchHandler func(ctx context.Context, batch []*Delivery) error

// Middleware wraps a handler. It runs once, when the worker starts. If its handler returns nil, the result of next
// stands, or the message fails if next has not returned. [Succeed] says that the message is done without next.
type Middleware func(next Handler) Handler

// Each returns an error for a [BatchHandler] that gives each delivery an outcome of its own: what a [Handler] would
// return for it, in the order of the batch. All deliveries fail if there are more or fewer, or if the handler has
// changed the order of its batch.
func Each(errs ...error) error { return &eachError{errs} }

type eachError struct{ errs []error }

func (e *eachError) Error() string { return fmt.Sprintf("dlq: %d outcomes of a batch", len(e.errs)) }

// errorsFrom returns what a handler returned as one error for each delivery. isEach is false if all are the same. The
// handler got the list given, which it may have changed.
func errorsFrom(err error, deliveries, given []*Delivery) (errs []error, isEach bool) {
	if each, ok := alone[*eachError](err); ok {
		switch {
		case len(each.errs) != len(deliveries):
			err = fmt.Errorf("dlq: the handler returned %d outcomes for %d deliveries", len(each.errs), len(deliveries))
		case !slices.Equal(deliveries, given):
			err = errChangedBatch
		default:
			return each.errs, true
		}
	}
	return slices.Repeat([]error{err}, len(deliveries)), false
}

var (
	errChangedBatch = errors.New("dlq: the handler changed its batch and returned an outcome for each; sort or cut a copy of the batch")
	errNotHandled   = errors.New("dlq: a middleware returned nil, but next has not returned with its context; return what next returns, or dlq.Succeed()")
)

// wrap returns the handler with its middleware.
func wrap(handler Handler, middleware []Middleware) (BatchHandler, error) {
	if handler == nil {
		return nil, errors.New("dlq: the handler of a worker is nil")
	}
	for _, one := range slices.Backward(middleware) {
		if one != nil {
			handler = around(one, handler)
		}
		if one == nil || handler == nil {
			return nil, errors.New("dlq: a middleware of a worker is nil, or returned nil")
		}
	}
	return func(ctx context.Context, batch []*Delivery) error { return handler(ctx, batch[0]) }, nil
}

// around returns a handler with one middleware, or nil if the middleware returns nil.
func around(middleware Middleware, next Handler) Handler {
	key := new(layerKey)
	handler := middleware(func(ctx context.Context, d *Delivery) error {
		result, ok := ctx.Value(key).(*atomic.Pointer[error])
		if !ok {
			return next(ctx, d)
		}
		result.Store(&errNotHandled)
		err := next(ctx, d)
		result.Store(&err)
		return err
	})
	if handler == nil {
		return nil
	}
	return func(ctx context.Context, d *Delivery) error {
		result := &atomic.Pointer[error]{} // of the latest call of next
		result.Store(&errNotHandled)
		if err := handler(context.WithValue(ctx, key, result), d); err != nil {
			return err
		}
		return *result.Load()
	}
}

// layerKey is the key of a middleware's result in a context. It has a size, so that each has another address.
type layerKey struct{ _ byte }
