package dlq

import (
	"context"
	"errors"
	"slices"
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
		case h.delivery == given || given == nil && h.sentOutcome() == nil:
			return h
		case chosen == nil:
			chosen = h
		}
	}
	return chosen
}

// ownMessage returns the delivery whose message a request is, or nil.
func (c *Client) ownMessage(batch []*held, given *Delivery, request *dlqv1.SendToDlqRequest, payload Payload) *held {
	return choose(batch, given, func(h *held) bool {
		return h.client.target == c.target && h.delivery.Queue == request.GetQueue() && isMessageOf(h.delivery, request, payload)
	})
}

// isMessageOf compares the source ids, or the payloads if one has none.
func isMessageOf(d *Delivery, request *dlqv1.SendToDlqRequest, payload Payload) bool {
	if d.SourceID != "" && request.GetSourceId() != "" {
		return d.SourceID == request.GetSourceId()
	}
	return samePayload(d.Payload, payload)
}

// noteForwarded fails the delivery that a handler sends to another queue if the message is not kept: the handler may
// not look at the error. A later send that is kept takes this back.
func noteForwarded(batch []*held, given *Delivery, payload Payload, cause error, result Result, err *Error) {
	isUnkept := func(h *held) bool { o := h.sentOutcome(); return o != nil && o.isUnkept }
	if result.Kept() && !slices.ContainsFunc(batch, isUnkept) {
		return
	}
	h := choose(batch, given, func(h *held) bool { return samePayload(h.delivery.Payload, payload) })
	if h == nil {
		return
	}
	if result.Kept() {
		h.forwarded(nil)
		return
	}
	switch {
	case cause != nil:
	case err != nil:
		cause = err
	default:
		cause = errInMemory
	}
	o := failed(cause)
	o.isUnkept = true
	h.forwarded(o)
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
