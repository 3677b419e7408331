package dlq

import (
	"log/slog"
	"sync"
	"time"
)

const dropLogEvery = time.Second

// newDropLog tells of dropped messages in the log: the first at once, then one line a second with how many
// it stands for, until all are told.
func newDropLog(logger *slog.Logger) func(*Error, string) {
	var mu sync.Mutex
	var untold int
	var latest *Error
	var queue string
	var isWaiting bool
	var tell func()
	tell = func() {
		isWaiting = untold > 0
		if untold == 0 {
			return
		}
		logger.Error("dropped a message", "queue", queue, "kind", string(latest.Kind), "error", latest, "messages", untold)
		untold = 0
		time.AfterFunc(dropLogEvery, func() {
			mu.Lock()
			defer mu.Unlock()
			tell()
		})
	}
	return func(err *Error, of string) {
		mu.Lock()
		defer mu.Unlock()
		untold++
		latest, queue = err, of
		if !isWaiting {
			tell()
		}
	}
}
