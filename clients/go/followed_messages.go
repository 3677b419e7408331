package dlq

import (
	"container/list"
	"slices"
	"strconv"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// followedMessage is a sent message whose events go to callbacks.
type followedMessage struct {
	id, queue, sourceID string
	// since is when the message was accepted or moved to the queue, by the clock of the service.
	since time.Time
}

// followedMessages are the latest messages that a client sent, up to a limit, and that are not gone.
type followedMessages struct {
	limit   int
	byID    map[string]*list.Element
	order   *list.List // of *followedMessage, oldest first
	inQueue map[string]int
}

func newFollowedMessages(limit int) *followedMessages {
	return &followedMessages{limit: limit, byID: map[string]*list.Element{}, order: list.New(), inQueue: map[string]int{}}
}

// get returns nil if the message is not followed.
func (f *followedMessages) get(id string) *followedMessage {
	element := f.byID[id]
	if element == nil {
		return nil
	}
	return element.Value.(*followedMessage)
}

// add returns the oldest message, which it removes, if there are too many. Otherwise it returns nil.
func (f *followedMessages) add(m *followedMessage) (removed *followedMessage) {
	if len(f.byID) >= f.limit {
		removed = f.order.Front().Value.(*followedMessage)
		f.remove(removed)
	}
	f.byID[m.id] = f.order.PushBack(m)
	f.inQueue[m.queue]++
	return removed
}

func (f *followedMessages) remove(m *followedMessage) {
	f.order.Remove(f.byID[m.id])
	delete(f.byID, m.id)
	if f.inQueue[m.queue]--; f.inQueue[m.queue] == 0 {
		delete(f.inQueue, m.queue)
	}
}

// of returns the messages of a queue.
func (f *followedMessages) of(queue string) []*followedMessage {
	var found []*followedMessage
	for element := f.order.Front(); element != nil; element = element.Next() {
		if m := element.Value.(*followedMessage); m.queue == queue {
			found = append(found, m)
		}
	}
	return found
}

// acceptedAt returns the time in a UUIDv7, or now if the id is something else.
func acceptedAt(id string) time.Time {
	if len(id) != 36 {
		return time.Now()
	}
	ms, err := strconv.ParseInt(id[:8]+id[9:13], 16, 64)
	if err != nil {
		return time.Now()
	}
	return time.UnixMilli(ms)
}

const (
	maxRememberedEvents = 1_000
	rememberTime        = time.Minute
)

// rememberedEvents are the latest events of messages that are not followed: an event may come before the answer to
// the send.
type rememberedEvents struct{ all []rememberedEvent }

type rememberedEvent struct {
	event *dlqv1.Event
	until time.Time
}

// add removes the oldest event if there are too many.
func (r *rememberedEvents) add(event *dlqv1.Event, now time.Time) {
	if len(r.all) == maxRememberedEvents {
		r.all = r.all[1:]
	}
	r.all = append(r.all, rememberedEvent{event, now.Add(rememberTime)})
}

// take removes the events of a message and returns them in order. It also removes those that are too old.
func (r *rememberedEvents) take(id string, now time.Time) (taken []*dlqv1.Event) {
	r.all = slices.DeleteFunc(r.all, func(one rememberedEvent) bool {
		isOld, isWanted := now.After(one.until), one.event.GetMessageId() == id
		if isWanted && !isOld {
			taken = append(taken, one.event)
		}
		return isOld || isWanted
	})
	return taken
}

// maxHandledEvents is much more than the events between two resume tokens.
const maxHandledEvents = 10_000

// handledEvents are the ids of the latest events of followed messages. After a reconnect, events since the last resume
// token come again.
type handledEvents struct {
	ids    map[string]bool
	latest []string // a ring
	oldest int
}

// add returns false if the event was handled before.
func (h *handledEvents) add(id string) bool {
	if h.ids[id] {
		return false
	}
	if h.ids == nil {
		h.ids = map[string]bool{}
	}
	h.ids[id] = true
	if len(h.latest) < maxHandledEvents {
		h.latest = append(h.latest, id)
		return true
	}
	delete(h.ids, h.latest[h.oldest])
	h.latest[h.oldest] = id
	h.oldest = (h.oldest + 1) % maxHandledEvents
	return true
}
