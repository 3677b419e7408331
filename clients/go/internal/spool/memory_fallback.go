package spool

import (
	"slices"
	"sort"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// memoryFallback keeps messages while no file can be written. They are lost if the process ends. An outage
// may leave a million messages here, so no operation may scan all of them for one message.
type memoryFallback struct {
	messages []memoryMessage // by position; nil request: done
	open     int
	bytes    int64
	last     int64 // position
}

type memoryMessage struct {
	Message
	size  int64
	added time.Time
}

func (m *memoryFallback) add(request *dlqv1.SendToDlqRequest, size int64) {
	m.last++
	m.messages = append(m.messages, memoryMessage{Message{m.last, request}, size, time.Now()})
	m.open++
	m.bytes += size
}

func (m *memoryFallback) Name() string { return "memory" }

func (m *memoryFallback) read(after int64, maxMessages, maxBytes int) ([]Message, error) {
	var messages []Message
	sum := int64(0)
	for _, one := range m.messages[m.index(after+1):] {
		if one.Request == nil {
			continue
		}
		sum += one.size
		if len(messages) == maxMessages || len(messages) > 0 && sum > int64(maxBytes) {
			break
		}
		messages = append(messages, one.Message)
	}
	return messages, nil
}

// index returns the index of the first message at or after a position.
func (m *memoryFallback) index(position int64) int {
	return sort.Search(len(m.messages), func(i int) bool { return m.messages[i].Position >= position })
}

func (m *memoryFallback) markDone(positions []int64) {
	for _, position := range positions {
		i := m.index(position)
		if i == len(m.messages) || m.messages[i].Position != position || m.messages[i].Request == nil {
			continue
		}
		m.messages[i].Request = nil
		m.open--
		m.bytes -= m.messages[i].size
	}
	for len(m.messages) > 0 && m.messages[0].Request == nil {
		m.messages = m.messages[1:]
	}
	if m.open < len(m.messages)/2 {
		m.messages = slices.DeleteFunc(m.messages, func(one memoryMessage) bool { return one.Request == nil })
	}
}

// clear removes all messages and returns their requests.
func (m *memoryFallback) clear() []*dlqv1.SendToDlqRequest {
	var requests []*dlqv1.SendToDlqRequest
	for _, one := range m.messages {
		if one.Request != nil {
			requests = append(requests, one.Request)
		}
	}
	*m = memoryFallback{last: m.last}
	return requests
}
