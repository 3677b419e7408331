package dlq

import (
	"container/list"
	"regexp"
	"strconv"
	"time"
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

var uuidV7 = regexp.MustCompile(`^(?i)([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// acceptedAt returns the time in a UUIDv7, or now if the id is something else.
func acceptedAt(id string) time.Time {
	parts := uuidV7.FindStringSubmatch(id)
	if parts == nil {
		return time.Now()
	}
	ms, _ := strconv.ParseInt(parts[1]+parts[2], 16, 64) // 12 digits fit
	return time.UnixMilli(ms)
}
