package dlq

import (
	"context"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ownMessage returns the delivery of the context's handler whose message a request is, or nil. Of equal messages in a
// batch it prefers one that was not sent yet, because each of them may have failed.
func (c *Client) ownMessage(ctx context.Context, request *dlqv1.SendToDlqRequest, value any, payload Payload) (own *held) {
	r := handlingOf(ctx)
	if r == nil {
		return nil
	}
	given, _ := value.(*Delivery)
	for _, h := range r.batch {
		if h.client.target != c.target || h.delivery.Queue != request.GetQueue() || !isMessageOf(h.delivery, request, payload) {
			continue
		}
		if h.delivery == given || given == nil && !h.hasSent() {
			return h
		}
		if own == nil {
			own = h
		}
	}
	return own
}

// isMessageOf compares the source ids, or the payloads if one has none.
func isMessageOf(d *Delivery, request *dlqv1.SendToDlqRequest, payload Payload) bool {
	if d.SourceID != "" && request.GetSourceId() != "" {
		return d.SourceID == request.GetSourceId()
	}
	return samePayload(d.Payload, payload)
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
