package dlq

import (
	"testing"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const stateOfNewerVersion = 99

func TestMessageIsGoneByTypeAndState(t *testing.T) {
	isStored := map[dlqv1.MessageState]bool{StateScheduled: true, StateInFlight: true, StateQuarantined: true}
	states := []dlqv1.MessageState{stateOfNewerVersion}
	for number := range dlqv1.MessageState_name {
		states = append(states, dlqv1.MessageState(number))
	}
	for _, state := range states {
		for eventType, isGone := range map[dlqv1.EventType]bool{
			dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS:   !isStored[state],
			dlqv1.EventType_EVENT_TYPE_EXPIRED:         !isStored[state],
			dlqv1.EventType_EVENT_TYPE_DISCARDED:       true,
			dlqv1.EventType_EVENT_TYPE_PURGED:          true,
			dlqv1.EventType_EVENT_TYPE_RETRY_FAILED:    false,
			dlqv1.EventType_EVENT_TYPE_MOVED_TO_POISON: false,
		} {
			if isGoneAfter(&dlqv1.Event{Type: eventType, State: state}) != isGone {
				t.Errorf("after %v with %v it is %v that the message is gone", eventType, state, !isGone)
			}
		}
	}
}
