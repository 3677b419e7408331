package dlq

import (
	"context"
	"slices"

	"github.com/dlq-service/dlq/clients/go/internal/setup"
)

// DeadLetter wraps fn so that every message it fails on is sent to a queue. The wrapped function then returns
// nil. If the message could not be kept, it returns the error of fn, so that the caller keeps the message. A
// panic of fn counts as an error: a [*PanicError].
//
// For a message that is a [*Delivery], its payload and source id are sent. Of a batch of a [BatchHandler] those that
// failed are sent, each as a message. Outcomes of handlers, such as [Discard], are returned. DeadLetter panics if the
// client or fn is nil, or the queue empty.
func DeadLetter[M any](
	s Sender, queue string, fn func(ctx context.Context, message M) error, opts ...SendOption,
) func(ctx context.Context, message M) error {
	setup.Check("DeadLetter", s, queue)
	if fn == nil {
		panic("dlq: the function of DeadLetter is nil")
	}
	return func(ctx context.Context, message M) error {
		batch, isBatch := any(message).([]*Delivery)
		if !isBatch {
			cause := catchPanic(func() error { return fn(ctx, message) })
			return sendFailed(ctx, s, queue, message, cause, opts)
		}
		given := slices.Clone(batch)
		err := catchPanic(func() error { return fn(ctx, any(given).(M)) })
		if err == nil || isOutcome(err) {
			return err
		}
		causes, _ := errorsFrom(err, batch, given)
		errs := make([]error, len(causes))
		for i, cause := range causes {
			errs[i] = sendFailed(ctx, s, queue, batch[i], cause, opts)
		}
		return Each(errs...)
	}
}

// sendFailed sends a message whose processing returned cause. It returns nil if the message is kept.
func sendFailed(ctx context.Context, s Sender, queue string, message any, cause error, opts []SendOption) error {
	if cause == nil || isOutcome(cause) {
		return cause
	}
	if d, ok := message.(*Delivery); ok && d != nil && d.SourceID != "" {
		opts = append([]SendOption{WithSourceID(d.SourceID)}, opts...)
	}
	result, err := s.Send(ctx, queue, message, cause, opts...)
	if err != nil || !result.Kept() {
		return cause
	}
	return nil
}
