package dlq

import "time"

const (
	minCallBytes = 64 << 10
	maxCallBytes = 3 * mib
	// quickAnswer is the time of an answer after which twice the size still fits the timeout.
	quickAnswer = 1250 * time.Millisecond
)

// callSize is the maximum bytes of a spool sender's call. It shrinks on a slow link and grows again with
// quick answers. A larger message goes alone.
type callSize int

func newCallSize() callSize { return maxCallBytes }

func (s *callSize) answered(took time.Duration) {
	if took < quickAnswer {
		*s = min(*s*2, maxCallBytes)
	}
}

// unanswered records a call that was sent and got no answer.
func (s *callSize) unanswered() { *s = max(*s/4, minCallBytes) }
