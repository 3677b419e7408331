package dlq

import (
	"strconv"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func TestUUIDv7HasTimeOfMessage(t *testing.T) {
	if got := acceptedAt("01a22bfb-ee9a-7000-8000-00057ddbd243").UnixMilli(); got != 0x01a22bfbee9a {
		t.Errorf("got %d", got)
	}
	for _, id := range []string{"1", "order-42 is not an id of the service"} {
		if age := time.Since(acceptedAt(id)); age < 0 || age > time.Minute {
			t.Errorf("%s is %v old", id, age)
		}
	}
}

func TestLatestThousandEventsAreRememberedForAMinute(t *testing.T) {
	var remembered rememberedEvents
	now := time.Now()
	for i := range maxRememberedEvents + 1 {
		remembered.add(&dlqv1.Event{Id: strconv.Itoa(i), MessageId: strconv.Itoa(i % 500)}, now)
	}
	if got := remembered.take("0", now); len(got) != 2 || got[0].GetId() != "500" || got[1].GetId() != "1000" {
		t.Errorf("got %v", got)
	}
	if got := remembered.take("0", now); got != nil {
		t.Errorf("got %v again", got)
	}
	if got := remembered.take("1", now.Add(rememberTime+1)); got != nil || len(remembered.all) != 0 {
		t.Errorf("got %v after a minute, %d left", got, len(remembered.all))
	}
}

func TestHandledEventsAreBounded(t *testing.T) {
	var handled handledEvents
	for i := range maxHandledEvents + 1 {
		if id := strconv.Itoa(i); !handled.add(id) || handled.add(id) {
			t.Fatalf("event %s is not handled once", id)
		}
	}
	if len(handled.ids) != maxHandledEvents || handled.add("1") || !handled.add("0") {
		t.Errorf("%d ids", len(handled.ids))
	}
}
