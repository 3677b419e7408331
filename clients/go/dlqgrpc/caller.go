package dlqgrpc

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxEarly is the longest that a call counts as over before its deadline.
const maxEarly = time.Second

// caller observes the end of a call's context.
type caller struct {
	ctx      context.Context
	deadline time.Time // zero without one
	early    time.Duration
	endedAt  atomic.Pointer[time.Time]
	stop     func() bool
}

func observe(ctx context.Context) *caller {
	c := &caller{ctx: ctx}
	if deadline, ok := ctx.Deadline(); ok {
		c.deadline, c.early = deadline, min(time.Until(deadline)/4, maxEarly)
	}
	c.stop = context.AfterFunc(ctx, func() {
		now := time.Now()
		c.endedAt.Store(&now)
	})
	return c
}

// hasCancelled reports whether the caller cancelled the call before its deadline. A caller at its deadline cancels the
// call too, and that may arrive before the server's own timer ends the context. So a call that had less than a quarter
// of its time left, at most 1 s, counts as one that ran into its deadline.
func (c *caller) hasCancelled() bool {
	if !errors.Is(c.ctx.Err(), context.Canceled) {
		return false
	}
	end := time.Now()
	if at := c.endedAt.Load(); at != nil {
		end = *at
	}
	return c.deadline.IsZero() || c.deadline.Sub(end) > c.early
}

// isCancellation reports whether a failure is that of a context that was cancelled.
func isCancellation(err error) bool {
	return errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled
}
