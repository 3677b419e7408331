package dlq

import (
	"context"
	"errors"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

var errInMemory = errors.New("the message that the handler sent is only in memory")

// heldFor returns the deliveries of which a send may be one: those of the context's handler, or the given one in any
// context.
func heldFor(ctx context.Context, given *Delivery) []*held {
	if r := handlingOf(ctx); r != nil {
		return r.batch
	}
	if given != nil && given.held != nil {
		return []*held{given.held}
	}
	return nil
}

// choose returns the delivery of which a send is, or nil. Of equal ones it returns the given one, or prefers one that
// was not sent yet, because each of them may have failed.
func choose(batch []*held, given *Delivery, isEqual func(*held) bool) (chosen *held) {
	for _, h := range batch {
		switch {
		case !isEqual(h):
		case h.delivery == given || given == nil && !h.wasSent():
			return h
		case chosen == nil:
			chosen = h
		}
	}
	return chosen
}

// ownMessage returns the delivery whose message a request is, or nil.
func (c *Client) ownMessage(batch []*held, given *Delivery, request *dlqv1.SendToDlqRequest, sent *comparedPayload) *held {
	return choose(batch, given, func(h *held) bool {
		return h.client.target == c.target && h.delivery.Queue == request.GetQueue() && isMessageOf(h, request, sent)
	})
}

// isMessageOf compares the source ids, or the payloads if one has none.
func isMessageOf(h *held, request *dlqv1.SendToDlqRequest, sent *comparedPayload) bool {
	if h.delivery.SourceID != "" && request.GetSourceId() != "" {
		return h.delivery.SourceID == request.GetSourceId()
	}
	return h.payload.isSame(sent)
}

// forward notes that the handler sends the message to another queue. The function that it returns calls ended, and fails
// the delivery if the message was not kept: the handler may not look at the error, or not wait for it.
func (h *held) forward(cause error, ended func(Result, *Error)) func(Result, *Error) {
	earlier := h.beginForwarding()
	return func(result Result, err *Error) {
		if ended != nil {
			ended(result, err)
		}
		h.endForwarding(earlier, forwardingFailure(cause, result, err))
	}
}

// forwardingFailure returns nil if the message is kept.
func forwardingFailure(cause error, result Result, err *Error) *outcome {
	switch {
	case result.Kept():
		return nil
	case cause != nil:
		return failed(cause)
	case err != nil:
		return failed(err)
	default:
		return failed(errInMemory)
	}
}

// outcomeOf returns the outcome of a delivery whose handler sends its own message.
func outcomeOf(request *dlqv1.SendToDlqRequest, cause error) *outcome {
	failure := request.GetFailure()
	if failure == nil {
		failure = &dlqv1.Failure{}
	}
	reason := failure.GetReason()
	quarantines := reason == ReasonPoisonMessage || reason == ReasonMaxRetriesExceeded
	failed := &dlqv1.Failed{Failure: failure, NonRetryable: quarantines || isNonRetryable(cause)}
	if delay := request.GetDelay(); delay != nil {
		failed.RetryAfter = durationpb.New(limitDelay(delay.AsDuration()))
	} else if due := request.GetDueTime(); due != nil {
		failed.RetryAfter = durationpb.New(limitDelay(time.Until(due.AsTime())))
	}
	return &outcome{kind: Failed, failed: failed, cause: cause}
}
