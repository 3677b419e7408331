// Package backoff computes waits that double with each failure in a row, with jitter.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff counts failures in a row. It is not safe for concurrent use.
type Backoff struct {
	first, longest time.Duration
	failures       int
}

// New returns a backoff whose waits begin with up to first and grow up to longest.
func New(first, longest time.Duration) *Backoff { return &Backoff{first: first, longest: longest} }

// Next counts a failure and returns how long to wait: a random time between half and all of the doubled wait.
func (b *Backoff) Next() time.Duration {
	full := min(b.first<<min(b.failures, 20), b.longest)
	b.failures++
	return full/2 + rand.N(full/2+1)
}

// Reset begins again with the first wait, after a success.
func (b *Backoff) Reset() { b.failures = 0 }

// Wait counts a failure and waits. It returns false if the context ends first.
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
