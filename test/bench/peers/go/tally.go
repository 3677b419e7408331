package main

import (
	"math/rand/v2"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// Result is the answer to a command.
type Result struct {
	Count      int     `json:"count"`
	FirstCount int     `json:"firstCount,omitempty"`
	FirstAtMs  float64 `json:"firstAtMs,omitempty"`
	LastAtMs   float64 `json:"lastAtMs,omitempty"`
	P50Ms      float64 `json:"p50Ms,omitempty"`
	P99Ms      float64 `json:"p99Ms,omitempty"`
}

// Tally collects answers of many goroutines.
type Tally struct {
	mutex  sync.Mutex
	result Result
	tookMs []float64
}

func nowMs() float64 { return float64(time.Now().UnixNano()) / 1e6 }

func (t *Tally) add(count int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.result.LastAtMs = nowMs()
	if t.result.Count == 0 {
		t.result.FirstAtMs = t.result.LastAtMs
		t.result.FirstCount = count
	}
	t.result.Count += count
}

func (t *Tally) took(ms float64) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.tookMs = append(t.tookMs, ms)
}

func (t *Tally) done() Result {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if n := len(t.tookMs); n > 0 {
		sort.Float64s(t.tookMs)
		t.result.P50Ms = t.tookMs[n/2]
		t.result.P99Ms = t.tookMs[n*99/100]
	}
	return t.result
}

// closedLoop keeps InFlight calls in flight until the count or the time is reached.
func closedLoop(command Command, call func(index int) error) (Result, error) {
	var tally Tally
	var next atomic.Int64
	var wait sync.WaitGroup
	var failed atomic.Pointer[error]
	until := time.Now().Add(time.Duration(command.Seconds * float64(time.Second)))
	for range command.InFlight {
		wait.Go(func() {
			for failed.Load() == nil && (command.Seconds == 0 || time.Now().Before(until)) {
				index := int(next.Add(1)) - 1
				if command.Count > 0 && index >= command.Count {
					return
				}
				started := nowMs()
				if err := call(index); err != nil {
					failed.Store(&err)
					return
				}
				tally.took(nowMs() - started)
				tally.add(1)
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return Result{}, *err
	}
	return tally.done(), nil
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// payload returns random text, which does not compress well.
func payload(bytes int) []byte {
	text := make([]byte, bytes)
	for i := range text {
		text[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return text
}
