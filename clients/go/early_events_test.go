package dlq

import (
	"strconv"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func TestLatestThousandEventsAreRememberedForAMinute(t *testing.T) {
	var early earlyEvents
	now := time.Now()
	for i := range maxEarlyEvents + 1 {
		early.add(&dlqv1.Event{Id: strconv.Itoa(i), MessageId: strconv.Itoa(i % 500)}, now)
	}
	if got := early.take("0", now); len(got) != 2 || got[0].GetId() != "500" || got[1].GetId() != "1000" {
		t.Errorf("got %v", got)
	}
	if got := early.take("0", now); got != nil {
		t.Errorf("got %v again", got)
	}
	if got := early.take("1", now.Add(earlyTime+1)); got != nil || len(early.all) != 0 {
		t.Errorf("got %v after a minute, %d left", got, len(early.all))
	}
}
