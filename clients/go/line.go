package dlq

import (
	"sync"
	"time"
)

const (
	// linger is how long calls of before may still be answered on a connection that was replaced.
	linger = 5 * time.Second
	// leastAge: a younger one stays: deadlines too short for a busy server must not cost it a handshake each.
	leastAge = time.Second
)

// line is the connection of sends and outcomes. When a call on it is not answered in time it is replaced:
// a peer that vanished without a word is otherwise found by pings only, long after the deadlines.
type line struct {
	connect   dialer
	mu        sync.Mutex
	current   *wire
	lingering map[*wire]*time.Timer
	isClosed  bool
}

func newLine(connect dialer) (*line, error) {
	current, err := connect()
	return &line{connect: connect, current: current, lingering: map[*wire]*time.Timer{}}, err
}

func (l *line) wire() *wire {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// failed says that a call on that connection failed, and how.
func (l *line) failed(suspect *wire, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed || suspect != l.current || !isSilent(err) || time.Since(suspect.madeAt) < leastAge {
		return
	}
	fresh, err := l.connect()
	if err != nil {
		return
	}
	l.current = fresh
	l.lingering[suspect] = time.AfterFunc(linger, func() {
		l.mu.Lock()
		delete(l.lingering, suspect)
		l.mu.Unlock()
		suspect.close()
	})
}

// close ends all calls that are under way.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isClosed = true
	l.current.close()
	for suspect, timer := range l.lingering {
		timer.Stop()
		suspect.close()
	}
	l.lingering = nil
}
