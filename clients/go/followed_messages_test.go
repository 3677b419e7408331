package dlq

import (
	"testing"
	"time"
)

func TestUUIDv7HasTimeOfMessage(t *testing.T) {
	for _, id := range []string{"01a22bfb-ee9a-7000-8000-00057ddbd243", "01A22BFB-EE9A-7000-BFFF-00057DDBD243"} {
		if got := acceptedAt(id).UnixMilli(); got != 0x01a22bfbee9a {
			t.Errorf("%s: got %d", id, got)
		}
	}
}

func TestMessageWithOtherIDIsAcceptedNow(t *testing.T) {
	for _, id := range []string{
		"01a22bfb-ee9a-4000-8000-00057ddbd243", // another version
		"01a22bfb-ee9a-7000-7000-00057ddbd243", // another variant
		"01a22bfb-ee9a-7000-8000-00057ddbd24",
		"01a22bfb-ee9a-7000-8000-00057ddbd24g",
		"01a22bfb-ee9a-7000-8000-00057ddbd243\n",
		"01a22bfbee9a-7000-8000-00057ddbd243-",
		"message-7",
	} {
		if age := time.Since(acceptedAt(id)); age < 0 || age > time.Minute {
			t.Errorf("%q is %v old", id, age)
		}
	}
}
