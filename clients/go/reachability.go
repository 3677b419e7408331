package dlq

import (
	"sync"
	"time"
)

// probeAfter is longer than the spool sender's longest pause and call. So a send probes only if the spool sender does
// not, for instance with a full spool. 45 s after the last failed call, the next send is a probe.
const probeAfter = 45 * time.Second

// reachability tracks whether the service is unavailable: two calls in a row failed, the second one began
// after the first one had failed, and none was answered since.
type reachability struct {
	// onRecovered is called when an answer follows a failure. It must be set before use.
	onRecovered func()

	mu            sync.Mutex
	failures      int
	failedAt      time.Time
	lastErr       error
	answeredSince time.Time
}

func (r *reachability) isUnavailable() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures >= 2 && time.Since(r.failedAt) < probeAfter
}

// lastError returns the error of the latest calls, or nil if they were answered.
func (r *reachability) lastError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures == 0 {
		return nil
	}
	return r.lastErr
}

// failed records a failed call. Concurrent calls that fail together count once.
func (r *reachability) failed(began time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if began.Before(r.answeredSince) || began.Before(r.failedAt) {
		return
	}
	if r.failures == 0 || !isUnanswered(err) { // a missing answer explains less than an earlier error
		r.lastErr = err
	}
	r.failures++
	r.failedAt = time.Now()
}

// answered records an answered call. If calls had failed before, it calls onRecovered.
func (r *reachability) answered(began time.Time) {
	if r.answeredSpool(began) && r.onRecovered != nil {
		r.onRecovered()
	}
}

// answeredSpool records an answered call of the spool sender, which needs no onRecovered. It reports whether
// calls had failed before.
func (r *reachability) answeredSpool(began time.Time) (wasFailing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wasFailing = r.failures > 0
	r.failures = 0
	if began.After(r.answeredSince) {
		r.answeredSince = began
	}
	return wasFailing
}
