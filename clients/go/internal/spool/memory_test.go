package spool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func positionsOf(letters []Letter) (positions []int64) {
	for _, letter := range letters {
		positions = append(positions, letter.Position)
	}
	return positions
}

func TestMemoryHasLettersInTheirOrderUntilTheyAreFinished(t *testing.T) {
	var m memory
	for n := range 10 {
		m.add(&dlqv1.SendToDlqRequest{RequestId: fmt.Sprint(n + 1)}, 10)
	}
	m.finish([]int64{3, 2, 7, 7, 99})
	letters, _ := m.read(3, 3, 1_000)
	if got := positionsOf(letters); !slices.Equal(got, []int64{4, 5, 6}) || letters[0].Request.GetRequestId() != "4" {
		t.Errorf("got %v", letters)
	}
	if letters, _ = m.read(0, 100, 25); !slices.Equal(positionsOf(letters), []int64{1, 4}) {
		t.Errorf("got %v", letters)
	}
	if m.open != 7 || m.bytes != 70 {
		t.Errorf("%d letters of %d bytes", m.open, m.bytes)
	}
	m.finish([]int64{1})
	m.add(&dlqv1.SendToDlqRequest{RequestId: "11"}, 10)
	if left := m.clear(); len(left) != 7 || left[0].GetRequestId() != "4" || left[6].GetRequestId() != "11" {
		t.Errorf("left %v", left)
	}
	if m.open != 0 || m.bytes != 0 {
		t.Errorf("%d letters of %d bytes", m.open, m.bytes)
	}
}

func TestManyLettersInMemoryAreDeliveredInTime(t *testing.T) {
	const many = 200_000
	for name, first := range map[string]int64{"all": 0, "all but a first one that stays": 1} {
		t.Run(name, func(t *testing.T) {
			var m memory
			for range many {
				m.add(&dlqv1.SendToDlqRequest{}, 10)
			}
			began := time.Now()
			for {
				letters, _ := m.read(first, 100, 1_000_000)
				if len(letters) == 0 {
					break
				}
				m.finish(positionsOf(letters))
			}
			if took := time.Since(began); took > 5*time.Second || m.open != int(first) {
				t.Errorf("took %v, and %d are left", took, m.open)
			}
		})
	}
}
