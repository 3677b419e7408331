package dlq

import (
	"testing"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func TestSendInHandlerIsOutcomeOrMessage(t *testing.T) {
	for range 1_000 {
		h := newHeld(&dlqv1.Delivery{Message: &dlqv1.Message{}}, nil)
		sent := make(chan bool, 1)
		go func() { sent <- h.fail(&outcome{kind: Failed}) }()
		h.end()
		result, _ := h.settle(func(sent, _ *outcome) *outcome {
			if sent != nil {
				return sent
			}
			return &outcome{kind: Succeeded}
		})
		if isOutcome := <-sent; isOutcome != (result.kind == Failed) {
			t.Fatalf("the send counts as outcome: %v, and the outcome is %v", isOutcome, result.kind)
		}
	}
}

func TestSamePayloadComparesBytesOrJSON(t *testing.T) {
	text := func(contentType, body string) *comparedPayload {
		return &comparedPayload{Payload: Payload{ContentType: contentType, body: []byte(body)}}
	}
	for _, c := range []struct {
		one, other string
		want       bool
	}{
		{`{"a":1,"b":"ä"}`, `{ "b": "\u00e4", "a": 1 }`, true},
		{`{"a":1}`, `{"a":1.0}`, false},
		{`{"a":1}{"b":2}`, `{"a":1}`, false}, // several JSON values
		{`{"a":1} rest`, `{"a":1}`, false},
		{`no json`, `no json`, true},
	} {
		if got := text("", c.one).isSame(text(jsonType, c.other)); got != c.want {
			t.Errorf("%s and %s: %t", c.one, c.other, got)
		}
	}
}
