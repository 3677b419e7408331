package spool

import (
	"slices"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// memory has letters that no file could take: lost with the process.
type memory struct {
	letters []keptLetter
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
	m.bytes += size
}

func (m *memory) read(after int64, mostLetters, mostBytes int) ([]Letter, error) {
	var letters []Letter
	sum := int64(0)
	for _, kept := range m.letters {
		if kept.Position <= after {
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

func (m *memory) finish(positions []int64) {
	done := map[int64]bool{}
	for _, position := range positions {
		done[position] = true
	}
	m.letters = slices.DeleteFunc(m.letters, func(kept keptLetter) bool {
		if done[kept.Position] {
			m.bytes -= kept.size
		}
		return done[kept.Position]
	})
}

func (m *memory) clear() []*dlqv1.SendToDlqRequest {
	var requests []*dlqv1.SendToDlqRequest
	for _, kept := range m.letters {
		requests = append(requests, kept.Request)
	}
	*m = memory{next: m.next}
	return requests
}
