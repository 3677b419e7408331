package dlq

import (
	"fmt"
	"sync"
	"time"
)

// warningInterval is the shortest time between two spool warnings.
const warningInterval = time.Minute

// spoolWarning logs why messages wait in the spool: a refusal, such as of a token, or an unreachable target.
// An operator has to fix either, and no send returns an error for it.
type spoolWarning struct {
	target string
	count  func() int
	log    func(text string)

	mu       sync.Mutex
	loggedAt time.Time
}

// warn logs the reason, unless it is nil or a warning was logged within the last minute.
func (w *spoolWarning) warn(reason error) {
	if reason == nil || !w.isDue() {
		return
	}
	text := messageOf(reason)
	if !isRetryable(reason) {
		text = refusalOf(reason, true).text
	}
	w.log(fmt.Sprintf("messages wait in the spool for %s (%d): %s; retrying", w.target, w.count(), text))
}

func (w *spoolWarning) isDue() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	isDue := time.Since(w.loggedAt) >= warningInterval
	if isDue {
		w.loggedAt = time.Now()
	}
	return isDue
}
