package dlq

import (
	"testing"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func TestASendIsTheOutcomeOrAMessageAndNeverNeither(t *testing.T) {
	for range 1_000 {
		h := newHeld(&dlqv1.Delivery{Message: &dlqv1.Message{}}, nil)
		sent := make(chan bool, 1)
		go func() { sent <- h.send(&outcome{kind: Failed}) }()
		result := h.settle(func(sent *outcome) *outcome {
			if sent != nil {
				return sent
			}
			return &outcome{kind: Succeeded}
		})
		if isOutcome := <-sent; isOutcome != (result.kind == Failed) {
			t.Fatalf("the send was told %v, and the outcome is %v", isOutcome, result.kind)
		}
	}
}
