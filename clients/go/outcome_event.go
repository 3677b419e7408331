package dlq

import (
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// OutcomeEvent is what happened to a message that the client sent.
type OutcomeEvent struct {
	// ID is the id of the message in the service.
	ID string
	// Queue is the queue where it happened.
	Queue string
	// Attempts is the number of failed attempts so far.
	Attempts int
	// Reason is why the message failed last.
	Reason Reason
	// QuarantineReason is set for a quarantined message.
	QuarantineReason QuarantineReason
	// DueTime is the time of the next attempt. It is zero if none is planned.
	DueTime time.Time
	// Note is what a worker noted, or the name of the rule that decided.
	Note string
	// Time is when it happened, by the clock of the service.
	Time time.Time
	// SourceID is the sender's own id of the message. It may be empty.
	SourceID string
}

func outcomeEventFrom(event *dlqv1.Event, sourceID string) OutcomeEvent {
	e := OutcomeEvent{
		ID:               event.GetMessageId(),
		Queue:            event.GetQueue(),
		Attempts:         int(event.GetRetryCount()),
		Reason:           event.GetReason(),
		QuarantineReason: event.GetQuarantineReason(),
		Note:             event.GetNote(),
		Time:             event.GetTime().AsTime(),
		SourceID:         sourceID,
	}
	if due := event.GetDueTime(); due != nil && event.GetState() == StateScheduled {
		e.DueTime = due.AsTime()
	}
	return e
}

// watchedEvents are the types of events that a watch needs.
var watchedEvents = []dlqv1.EventType{
	dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS,
	dlqv1.EventType_EVENT_TYPE_RETRY_FAILED,
	dlqv1.EventType_EVENT_TYPE_MOVED_TO_POISON,
	dlqv1.EventType_EVENT_TYPE_EXPIRED,
	dlqv1.EventType_EVENT_TYPE_DISCARDED,
	dlqv1.EventType_EVENT_TYPE_PURGED,
	dlqv1.EventType_EVENT_TYPE_MOVED_AWAY,
}

// isGoneAfter reports whether the message of an event does not exist any more.
func isGoneAfter(event *dlqv1.Event) bool {
	switch event.GetType() {
	case dlqv1.EventType_EVENT_TYPE_DISCARDED, dlqv1.EventType_EVENT_TYPE_PURGED:
		return true
	case dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS, dlqv1.EventType_EVENT_TYPE_EXPIRED:
		return !isStored(event.GetState())
	default:
		return false
	}
}

func isStored(state dlqv1.MessageState) bool {
	return state == StateScheduled || state == StateInFlight || state == StateQuarantined
}

// outcomeCallbacks are functions of the user. Each may be nil.
type outcomeCallbacks struct {
	onSucceeded, onFailed, onQuarantined func(OutcomeEvent)
}

func (c outcomeCallbacks) areSet() bool {
	return c.onSucceeded != nil || c.onFailed != nil || c.onQuarantined != nil
}

// of returns the function for an event, with the name of its option. It returns nil if there is none.
func (c outcomeCallbacks) of(event *dlqv1.Event) (option string, callback func(OutcomeEvent)) {
	switch event.GetType() {
	case dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS:
		return "WithOnSucceeded", c.onSucceeded
	case dlqv1.EventType_EVENT_TYPE_RETRY_FAILED:
		return "WithOnFailed", c.onFailed
	case dlqv1.EventType_EVENT_TYPE_MOVED_TO_POISON:
		return "WithOnQuarantined", c.onQuarantined
	default:
		return "", nil
	}
}
