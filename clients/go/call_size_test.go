package dlq

import (
	"slices"
	"testing"
	"time"
)

func TestCallSizeShrinksWithoutAnswers(t *testing.T) {
	size := newCallSize()
	var seen []int
	for range 4 {
		size.unanswered()
		seen = append(seen, int(size)>>10)
	}
	if want := []int{768, 192, 64, 64}; !slices.Equal(seen, want) {
		t.Errorf("got %v KiB, want %v", seen, want)
	}
}

func TestCallSizeDoublesWithQuickAnswersOnly(t *testing.T) {
	size := newCallSize()
	for range 2 {
		size.unanswered()
	}
	size.answered(4 * time.Second)
	seen := []int{int(size) >> 10}
	for range 5 {
		size.answered(100 * time.Millisecond)
		seen = append(seen, int(size)>>10)
	}
	if want := []int{192, 384, 768, 1536, 3072, 3072}; !slices.Equal(seen, want) {
		t.Errorf("got %v KiB, want %v", seen, want)
	}
}
