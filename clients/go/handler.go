package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Handler processes one delivery and returns its outcome: nil for success, an error of [Release], [Quarantine]
// or [Discard], or any other error for a failure, which [RetryAfter] and [NonRetryable] refine. A panic is a
// failure, too.
//
// The context ends when the lease is lost, because another worker may have the message, or when the drain
// timeout of a stopping worker is over; context.Cause returns which. After that, nil releases the message. A
// [Client.Send] of the same message with this context becomes the outcome of the delivery, so that there is no
// second message. A [DeadLetter] function does the same.
type Handler func(ctx context.Context, d *Delivery) error

// BatchHandler processes several deliveries at once. What it returns is the outcome of all, as that of a [Handler],
// unless it is [Each]. A failure is reported once.
//
// The context ends when all leases are lost; [Delivery.LeaseLost] says which are. Otherwise it is as that of a
// Handler. A Send of one of its messages becomes the outcome of that delivery only.
type BatchHandler func(ctx context.Context, batch []*Delivery) error

// Middleware wraps a handler. It runs once, when the worker starts.
type Middleware func(next Handler) Handler

// Each returns an error for a [BatchHandler] that gives each delivery an outcome of its own: what a [Handler] would
// return for it, in the order of the batch. All deliveries fail if there are more or fewer.
func Each(errs ...error) error { return &eachError{errs} }

type eachError struct{ errs []error }

func (e *eachError) Error() string { return fmt.Sprintf("dlq: %d outcomes of a batch", len(e.errs)) }

// errorsFrom returns what a handler returned as one error for each of count deliveries. isEach is false if all are the
// same.
func errorsFrom(err error, count int) (errs []error, isEach bool) {
	each, isEach := inChain[*eachError](err)
	if isEach && len(each.errs) == count {
		return each.errs, true
	}
	if isEach {
		err = fmt.Errorf("dlq: the handler returned %d outcomes for %d deliveries", len(each.errs), count)
	}
	return slices.Repeat([]error{err}, count), false
}

// wrap returns the handler with its middleware.
func wrap(handler Handler, middleware []Middleware) (BatchHandler, error) {
	if handler == nil {
		return nil, errors.New("dlq: the handler of a worker is nil")
	}
	for _, one := range slices.Backward(middleware) {
		if one != nil {
			handler = one(handler)
		}
		if one == nil || handler == nil {
			return nil, errors.New("dlq: a middleware of a worker is nil, or returned nil")
		}
	}
	return func(ctx context.Context, batch []*Delivery) error { return handler(ctx, batch[0]) }, nil
}
