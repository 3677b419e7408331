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

	// writing is held while a line is written. mu is not: a log handler may send, and that may be dropped, too.
	writing sync.Mutex

	mu        sync.Mutex
	count     int // not logged yet
	latest    *Error
	queue     string
	isWaiting bool // for the next line
}

func (r *dropReport) report(err *Error, queue string) {
	r.mu.Lock()
	r.count++
	r.latest, r.queue = err, queue
	isFirst := !r.isWaiting
	r.isWaiting = true
	r.mu.Unlock()
	if isFirst {
		r.flush()
	}
}

// flush logs what is not logged yet, and after the interval what follows.
func (r *dropReport) flush() {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	count, latest, queue := r.count, r.latest, r.queue
	r.count, r.isWaiting = 0, count > 0
	r.mu.Unlock()
	if count == 0 {
		return
	}
	dropped := "a message"
	if count > 1 {
		dropped = fmt.Sprintf("%d messages, the last", count)
	}
	r.logger.Error(fmt.Sprintf("dlq: dropped %s for queue %q (%s): %s", dropped, queue, string(latest.Kind), latest.text),
		"queue", queue, "kind", string(latest.Kind), "messages", count)
	time.AfterFunc(dropReportInterval, r.flush)
}
