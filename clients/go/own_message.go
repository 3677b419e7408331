package dlq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

var errInMemory = errors.New("the message that the handler sent is only in memory")

// heldIn returns the deliveries that a payload is: one, or those of a list, which no send accepts.
func heldIn(payload any) (given []*held) {
	switch v := payload.(type) {
	case *Delivery:
		if v != nil && v.held != nil {
			given = []*held{v.held}
		}
	case Delivery:
		given = heldIn(&v)
	case []*Delivery:
		for _, d := range v {
			given = append(given, heldIn(d)...)
		}
	case []Delivery:
		for i := range v {
			given = append(given, heldIn(&v[i])...)
		}
	}
	return given
}

// heldFor returns the deliveries of which a send may be one: the given one in any context, that of a [Payload], or those
// of the context's handler. Others of a batch may have equal payloads.
func heldFor(ctx context.Context, given []*held, payload any) []*held {
	r := handlingOf(ctx)
	if r == nil || len(given) > 0 {
		return given
	}
	if p, ok := payload.(Payload); ok {
		if i := slices.IndexFunc(r.batch, func(h *held) bool { return h.payload.hasBodyOf(p) }); i >= 0 {
			return r.batch[i : i+1]
		}
	}
	return r.batch
}

// choose returns the delivery of which a send is, or nil. Of equal ones it prefers one with the source id of the request,
// then one that was not sent yet: each of them may have failed.
func choose(batch []*held, request *dlqv1.SendToDlqRequest, isEqual func(*held) bool) (chosen *held) {
	best := -1
	for _, h := range batch {
		if !isEqual(h) {
			continue
		}
		rank := 0
		if id := request.GetSourceId(); id != "" && h.delivery.SourceID == id {
			rank += 2
		}
		if !h.wasSent() {
			rank++
		}
		if rank > best {
			chosen, best = h, rank
		}
	}
	return chosen
}

// ownMessage returns the delivery whose message a request is, or nil.
func (c *Client) ownMessage(batch []*held, request *dlqv1.SendToDlqRequest, sent *comparedPayload) *held {
	return choose(batch, request, func(h *held) bool {
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

// forwarded returns the delivery that a request sends to another queue, or nil.
func forwarded(batch []*held, request *dlqv1.SendToDlqRequest, sent *comparedPayload) *held {
	return choose(batch, request, func(h *held) bool { return h.payload.isSame(sent) })
}

// forward notes that the handler sends the message to another queue. The function that it returns calls ended, and fails
// the delivery if the message was not kept: the handler may not look at the error, or not wait for it. If the outcome has
// removed the message already, it logs that the send was dropped.
func (h *held) forward(queue string, cause error, ended func(Result, *Error)) func(Result, *Error) {
	earlier := h.beginForwarding()
	return func(result Result, err *Error) {
		if ended != nil {
			ended(result, err)
		}
		isRemoved := h.endForwarding(earlier, forwardingFailure(cause, result, err))
		if d := h.delivery; isRemoved && err != nil {
			h.client.options.logger.Error(fmt.Sprintf(
				"dlq: the send of message %s of queue %q to queue %q was dropped after the end of its handler: "+
					"the message may be lost; wait for the send in the handler", d.ID, d.Queue, queue), "queue", d.Queue, "id", d.ID)
		}
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
