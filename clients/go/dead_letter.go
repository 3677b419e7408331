package dlq

import "context"

// DeadLetter wraps fn so that every message it fails on is sent to a queue. The wrapped function then returns
// nil. If the message could not be kept, it returns the error of fn, so that the caller keeps the message. A
// panic of fn counts as an error: a [*PanicError].
//
// For a message that is a [*Delivery], its payload and source id are sent.
func DeadLetter[M any](
	s Sender, queue string, fn func(ctx context.Context, message M) error, opts ...SendOption,
) func(ctx context.Context, message M) error {
	return func(ctx context.Context, message M) error {
		cause := catchPanic(func() error { return fn(ctx, message) })
		if cause == nil || isOutcome(cause) {
			return cause
		}
		payload, options := any(message), opts
		if d, ok := payload.(*Delivery); ok && d != nil {
			payload = d.Payload
			if d.SourceID != "" {
				options = append([]SendOption{WithSourceID(d.SourceID)}, opts...)
			}
		}
		result, err := s.Send(ctx, queue, payload, cause, options...)
		if err != nil || !result.Kept() {
			return cause
		}
		return nil
	}
}
