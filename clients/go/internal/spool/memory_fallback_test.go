package spool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func positionsOf(messages []Message) (positions []int64) {
	for _, message := range messages {
		positions = append(positions, message.Position)
	}
	return positions
}

func TestMemoryFallbackReturnsMessagesInOrderUntilDone(t *testing.T) {
	var m memoryFallback
	for n := range 10 {
		m.add(&dlqv1.SendToDlqRequest{RequestId: fmt.Sprint(n + 1)}, 10)
	}
	m.markDone([]int64{3, 2, 7, 7, 99})
	messages, _ := m.read(3, 3, 1_000)
	if got := positionsOf(messages); !slices.Equal(got, []int64{4, 5, 6}) || messages[0].Request.GetRequestId() != "4" {
		t.Errorf("read %v", messages)
	}
	if messages, _ = m.read(0, 100, 25); !slices.Equal(positionsOf(messages), []int64{1, 4}) {
		t.Errorf("read %v", messages)
	}
	if m.open != 7 || m.bytes != 70 {
		t.Errorf("%d messages of %d bytes", m.open, m.bytes)
	}
	m.markDone([]int64{1})
	m.add(&dlqv1.SendToDlqRequest{RequestId: "11"}, 10)
	if left := m.clear(); len(left) != 7 || left[0].GetRequestId() != "4" || left[6].GetRequestId() != "11" {
		t.Errorf("cleared %v", left)
	}
	if m.open != 0 || m.bytes != 0 {
		t.Errorf("%d messages of %d bytes", m.open, m.bytes)
	}
}

func TestMemoryFallbackIsFastWithManyMessages(t *testing.T) {
	const count = 200_000
	for name, after := range map[string]int64{"all": 0, "all but the first one": 1} {
		t.Run(name, func(t *testing.T) {
			var m memoryFallback
			for range count {
				m.add(&dlqv1.SendToDlqRequest{}, 10)
			}
			began := time.Now()
			for {
				messages, _ := m.read(after, 100, 1_000_000)
				if len(messages) == 0 {
					break
				}
				m.markDone(positionsOf(messages))
			}
			if took := time.Since(began); took > 20*time.Second || m.open != int(after) {
				t.Errorf("took %v, and %d messages are left", took, m.open)
			}
		})
	}
}
