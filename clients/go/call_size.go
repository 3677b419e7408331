package dlq

import "time"

const (
	// A larger letter goes alone.
	leastCallBytes = 64 << 10
	mostCallBytes  = 3 * mib
	// quickCall: one that took longer would be too slow if it had twice as much.
	quickCall = 1250 * time.Millisecond
)

// callSize is how much of the spool goes in one call: less where a link does not carry it in time, more again
// where it does.
type callSize int

func newCallSize() callSize { return mostCallBytes }

func (s *callSize) answered(took time.Duration) {
	if took < quickCall {
		*s = min(*s*2, mostCallBytes)
	}
}

// unanswered: it went out, and nobody answered.
func (s *callSize) unanswered() { *s = max(*s/4, leastCallBytes) }
