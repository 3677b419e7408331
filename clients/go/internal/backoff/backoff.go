// Package backoff has waits that grow with each failure in a row, and differ between clients that failed
// together.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is not safe for concurrent use.
type Backoff struct {
	first, most time.Duration
	failures    int
}

// New begins with a wait of up to first; none is longer than most.
func New(first, most time.Duration) *Backoff { return &Backoff{first: first, most: most} }

// Next is how long to wait after one more failure: half to all of what has doubled with each.
func (b *Backoff) Next() time.Duration {
	full := min(b.first<<min(b.failures, 20), b.most)
	b.failures++
	return full/2 + rand.N(full/2+1)
}

// Reset says that it worked.
func (b *Backoff) Reset() { b.failures = 0 }

// Wait waits for the time after one more failure; false if the context ended meanwhile.
func (b *Backoff) Wait(ctx context.Context) bool {
	timer := time.NewTimer(b.Next())
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
