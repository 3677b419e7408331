package spool

import (
	"slices"
	"sort"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// memory has letters that no file could take: lost with the process. In an outage they may be a million, so that no
// step may take as long as there are letters.
type memory struct {
	letters []keptLetter // by position; one without a request is finished
	open    int
	bytes   int64
	next    int64
}

type keptLetter struct {
	Letter
	size int64
}

func (m *memory) add(request *dlqv1.SendToDlqRequest, size int64) {
	m.next++
	m.letters = append(m.letters, keptLetter{Letter{m.next, request}, size})
	m.open++
	m.bytes += size
}

func (m *memory) read(after int64, mostLetters, mostBytes int) ([]Letter, error) {
	var letters []Letter
	sum := int64(0)
	for _, kept := range m.letters[m.at(after+1):] {
		if kept.Request == nil {
			continue
		}
		sum += kept.size
		if len(letters) == mostLetters || len(letters) > 0 && sum > int64(mostBytes) {
			break
		}
		letters = append(letters, kept.Letter)
	}
	return letters, nil
}

// at is where a position is, or would be.
func (m *memory) at(position int64) int {
	return sort.Search(len(m.letters), func(at int) bool { return m.letters[at].Position >= position })
}

func (m *memory) finish(positions []int64) {
	for _, position := range positions {
		at := m.at(position)
		if at == len(m.letters) || m.letters[at].Position != position || m.letters[at].Request == nil {
			continue
		}
		m.letters[at].Request = nil
		m.open--
		m.bytes -= m.letters[at].size
	}
	for len(m.letters) > 0 && m.letters[0].Request == nil {
		m.letters = m.letters[1:]
	}
	if m.open < len(m.letters)/2 {
		m.letters = slices.DeleteFunc(m.letters, func(kept keptLetter) bool { return kept.Request == nil })
	}
}

func (m *memory) clear() []*dlqv1.SendToDlqRequest {
	var requests []*dlqv1.SendToDlqRequest
	for _, kept := range m.letters {
		if kept.Request != nil {
			requests = append(requests, kept.Request)
		}
	}
	*m = memory{next: m.next}
	return requests
}
