package load

import (
	"slices"
	"sync"
	"time"
)

// result is the result of a command. Times are in ms, by the wall clock, which the processes of a machine share.
type result struct {
	Count      int      `json:"count"`
	FirstCount int      `json:"firstCount,omitempty"`
	FirstAtMs  float64  `json:"firstAtMs,omitempty"`
	LastAtMs   float64  `json:"lastAtMs,omitempty"`
	P50Ms      *float64 `json:"p50Ms,omitempty"`
	P99Ms      *float64 `json:"p99Ms,omitempty"`
}

// tally counts answers, with the times of the first and the last one, and the duration of each.
type tally struct {
	mu     sync.Mutex
	result result
	tookMs []float64
}

func nowMs() float64 { return float64(time.Now().UnixMicro()) / 1_000 }

// add counts operations that have just ended.
func (t *tally) add(count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result.LastAtMs = nowMs()
	if t.result.Count == 0 {
		t.result.FirstAtMs, t.result.FirstCount = t.result.LastAtMs, count
	}
	t.result.Count += count
}

// took records the duration of a call.
func (t *tally) took(length time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tookMs = append(t.tookMs, float64(length.Microseconds())/1_000)
}

func (t *tally) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.result.Count
}

// total returns the counts and the percentiles of the durations.
func (t *tally) total() result {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.tookMs) > 0 {
		slices.Sort(t.tookMs)
		t.result.P50Ms = &t.tookMs[len(t.tookMs)*50/100]
		t.result.P99Ms = &t.tookMs[len(t.tookMs)*99/100]
	}
	return t.result
}
