package dlq

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// reportDrop reports one dropped message.
type reportDrop func(err *Error, queue string)

const dropReportInterval = time.Second

// dropReport logs dropped messages, at most one line a second. A line names the latest message, and how many
// it stands for.
type dropReport struct {
	logger *slog.Logger

	mu        sync.Mutex
	count     int // not logged yet
	latest    *Error
	queue     string
	isWaiting bool
}

func (r *dropReport) report(err *Error, queue string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	r.latest, r.queue = err, queue
	if !r.isWaiting {
		r.isWaiting = true
		r.logLocked()
		time.AfterFunc(dropReportInterval, r.next)
	}
}

func (r *dropReport) next() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isWaiting = r.count > 0
	if r.isWaiting {
		r.logLocked()
		time.AfterFunc(dropReportInterval, r.next)
	}
}

// flush logs the rest at once, because the program may end.
func (r *dropReport) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count > 0 {
		r.logLocked()
	}
}

func (r *dropReport) logLocked() {
	dropped := "a message"
	if r.count > 1 {
		dropped = fmt.Sprintf("%d messages, the last", r.count)
	}
	r.logger.Error(fmt.Sprintf("dlq: dropped %s for queue %q (%s): %s", dropped, r.queue, string(r.latest.Kind), r.latest.text),
		"queue", r.queue, "kind", string(r.latest.Kind), "messages", r.count)
	r.count = 0
}
