package dlq

import (
	"slices"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	maxEarlyEvents = 1_000
	earlyTime      = time.Minute
)

// earlyEvents are the latest events of messages that are not followed: an event may come before the answer to
// the send.
type earlyEvents struct{ all []earlyEvent }

type earlyEvent struct {
	event *dlqv1.Event
	until time.Time
}

// add removes the oldest event if there are too many.
func (e *earlyEvents) add(event *dlqv1.Event, now time.Time) {
	if len(e.all) == maxEarlyEvents {
		e.all = e.all[1:]
	}
	e.all = append(e.all, earlyEvent{event, now.Add(earlyTime)})
}

// take removes the events of a message and returns them in order. It also removes those that are too old.
func (e *earlyEvents) take(id string, now time.Time) (taken []*dlqv1.Event) {
	e.all = slices.DeleteFunc(e.all, func(one earlyEvent) bool {
		isOld, isWanted := now.After(one.until), one.event.GetMessageId() == id
		if isWanted && !isOld {
			taken = append(taken, one.event)
		}
		return isOld || isWanted
	})
	return taken
}
