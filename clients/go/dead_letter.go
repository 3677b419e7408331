package dlq

import "context"

// DeadLetter wraps a function: a message that it fails on is sent to the queue, with the error. The wrapped
// function then gives nil, for the message is kept: by the service, or on the disk of this machine. Where it
// could not be kept it gives the error of fn itself, so that whoever called keeps the message. A panic is
// an error, too: a [*PanicError].
//
// A message that is a [*Delivery] is sent by its payload and source id.
func DeadLetter[M any](
	s Sender, queue string, fn func(ctx context.Context, message M) error, opts ...SendOption,
) func(ctx context.Context, message M) error {
	return func(ctx context.Context, message M) error {
		cause := guarded(func() error { return fn(ctx, message) })
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

func isOutcome(err error) bool {
	_, ok := inChain[*outcome](err)
	return ok
}
