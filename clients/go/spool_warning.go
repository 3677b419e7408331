package dlq

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// warningInterval is the shortest time between two lines that repeat.
const warningInterval = time.Minute

// spoolWarning logs why messages wait in the spool: a refusal, such as of a token, or an unreachable target.
// An operator has to fix either, and no send returns an error for it. It logs once when no message waits any more.
type spoolWarning struct {
	target string
	count  func() int
	log    func(text string)
	info   func(text string)

	due    onceAMinute
	isOpen atomic.Bool
}

// onceAMinute limits a log line. The zero value is ready.
type onceAMinute struct {
	mu       sync.Mutex
	loggedAt time.Time
}

// warn logs the reason, unless it is nil or a warning was logged within the last minute.
func (w *spoolWarning) warn(reason error) {
	if reason == nil || !w.due.isDue() {
		return
	}
	w.isOpen.Store(true)
	w.log(fmt.Sprintf("messages wait in the spool for %s (%d): %s; retrying", w.target, w.count(), reasonFor(reason)))
}

// emptied notes that no message waits, and logs it if the last line said that some do.
func (w *spoolWarning) emptied() {
	if w.isOpen.Swap(false) {
		w.info("the spool for " + w.target + " is empty again")
	}
}

func (o *onceAMinute) isDue() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	isDue := time.Since(o.loggedAt) >= warningInterval
	if isDue {
		o.loggedAt = time.Now()
	}
	return isDue
}
