package dlq

import (
	"strconv"
	"testing"
)

func TestSeenEventsAreBounded(t *testing.T) {
	var seen seenEvents
	for i := range maxSeenEvents + 1 {
		if id := strconv.Itoa(i); !seen.add(id) || seen.add(id) {
			t.Fatalf("event %s is not seen once", id)
		}
	}
	if len(seen.ids) != maxSeenEvents || seen.add("1") || !seen.add("0") {
		t.Errorf("%d ids", len(seen.ids))
	}
}
