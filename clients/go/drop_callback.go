package dlq

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxDropWait is the longest that Flush and Close wait for the function of WithOnDropped: it may wait for them.
	maxDropWait = 5 * time.Second
	// minDropWait is how long Close waits although its context has ended.
	minDropWait = time.Second
)

// dropCallback calls the function of WithOnDropped for one dropped message after another, in a goroutine that ends
// when there is none. So the function may send: no send waits for it.
type dropCallback struct {
	logger    *slog.Logger
	onDropped func(err *Error, queue string)
	// onLate takes the drops of a closed client while the function runs: it may have sent them, and would so for ever.
	onLate func(err *Error, queue string)

	mu       sync.Mutex
	waiting  []droppedMessage
	idle     chan struct{} // closed when no call runs or waits; nil if that is so
	isClosed bool
	// isRunning: the function runs.
	isRunning atomic.Bool
}

type droppedMessage struct {
	err   *Error
	queue string
}

func (c *dropCallback) report(err *Error, queue string) {
	c.mu.Lock()
	isLate := c.isClosed && c.idle != nil
	if !isLate {
		c.waiting = append(c.waiting, droppedMessage{err, queue})
		if c.idle == nil {
			c.idle = make(chan struct{})
			go c.run()
		}
	}
	c.mu.Unlock()
	if isLate {
		c.onLate(err, queue) // not under the mutex: a log handler may send, and that may be dropped, too
	}
}

func (c *dropCallback) run() {
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			close(c.idle)
			c.idle = nil
			c.mu.Unlock()
			return
		}
		next := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.mu.Unlock()
		c.isRunning.Store(true)
		notify(c.logger, panickedLine("WithOnDropped"), func() { callOnDropped(c.onDropped, next) })
		c.isRunning.Store(false)
	}
}

// callOnDropped must stay in the stack, where isCaller looks for it.
//
//go:noinline
func callOnDropped(onDropped func(*Error, string), dropped droppedMessage) {
	onDropped(dropped.err, dropped.queue)
}

// isCaller reports whether the function of WithOnDropped has called the caller, in the same goroutine.
func (c *dropCallback) isCaller() bool { return c.isRunning.Load() && isCalledBy("callOnDropped") }

// isCalledBy reports whether a function of this package has called the caller, in the same goroutine.
func isCalledBy(function string) bool {
	counters := make([]uintptr, 64)
	for skip := 2; ; skip += len(counters) {
		count := runtime.Callers(skip, counters)
		for frames, more := runtime.CallersFrames(counters[:count]), count > 0; more; {
			var frame runtime.Frame
			if frame, more = frames.Next(); frame.Function == ownPrefix+function {
				return true
			}
		}
		if count < len(counters) {
			return false
		}
	}
}

// wait waits until nothing is left to report, at most until ctx ends or for 5 s.
func (c *dropCallback) wait(ctx context.Context) {
	c.mu.Lock()
	idle := c.idle
	c.mu.Unlock()
	if idle == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, maxDropWait)
	defer cancel()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// close waits like wait, and at least 1 s. After it, messages that the function itself sends are not reported.
func (c *dropCallback) close(ctx context.Context) {
	c.mu.Lock()
	c.isClosed = true
	c.mu.Unlock()
	c.wait(ctx)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), minDropWait)
	defer cancel()
	c.wait(last)
}
