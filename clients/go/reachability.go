package dlq

import (
	"sync"
	"time"
)

// unaskedFor is longer than the courier ever waits between two calls.
const unaskedFor = mostCourierPause + 3*courierTryTimeout

// reachability knows whether the service is away: two calls one after the other have failed, the second
// one begun after the first had failed, and none has been answered since. The courier asks again and again for what is
// in the spool; where it has nothing to ask for, as in a spool without room, a send does after a while.
type reachability struct {
	// onBack is called when an answer comes after a failure; set before use.
	onBack func()

	mu            sync.Mutex
	failures      int
	failedAt      time.Time
	lastErr       error
	answeredSince time.Time
}

func (r *reachability) isAway() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures >= 2 && time.Since(r.failedAt) < unaskedFor
}

// why is what the latest calls failed with; nil if the service answers, or was not asked.
func (r *reachability) why() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures == 0 {
		return nil
	}
	return r.lastErr
}

// failed says so of a call that began then, and why. Calls that were under way together fail together, by one
// fault.
func (r *reachability) failed(began time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if began.Before(r.answeredSince) || began.Before(r.failedAt) {
		return
	}
	if r.failures == 0 || !isSilent(err) { // else an earlier one knows more
		r.lastErr = err
	}
	r.failures++
	r.failedAt = time.Now()
}

func (r *reachability) answered(began time.Time) {
	if r.heard(began) && r.onBack != nil {
		r.onBack()
	}
}

// heard is answered for the courier itself, which is on its way already. It says whether a call had failed before.
func (r *reachability) heard(began time.Time) (wasFailing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wasFailing = r.failures > 0
	r.failures = 0
	if began.After(r.answeredSince) {
		r.answeredSince = began
	}
	return wasFailing
}
