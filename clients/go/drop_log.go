package dlq

import (
	"log/slog"
	"sync"
	"time"
)

const dropLogEvery = time.Second

// dropLog tells of dropped messages in the log: the first at once, then one line a second with how many
// it stands for, until all are told.
type dropLog struct {
	logger *slog.Logger

	mu        sync.Mutex
	untold    int
	latest    *Error
	queue     string
	isWaiting bool
}

func (l *dropLog) dropped(err *Error, queue string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.untold++
	l.latest, l.queue = err, queue
	if !l.isWaiting {
		l.isWaiting = true
		l.tellLocked()
		time.AfterFunc(dropLogEvery, l.goOn)
	}
}

func (l *dropLog) goOn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isWaiting = l.untold > 0
	if l.isWaiting {
		l.tellLocked()
		time.AfterFunc(dropLogEvery, l.goOn)
	}
}

// flush tells at once what is untold: the program may end.
func (l *dropLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.untold > 0 {
		l.tellLocked()
	}
}

func (l *dropLog) tellLocked() {
	l.logger.Error("dlq: dropped a message", "queue", l.queue, "kind", string(l.latest.Kind), "error", l.latest, "messages", l.untold)
	l.untold = 0
}
