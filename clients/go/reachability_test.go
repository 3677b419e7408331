package dlq

import (
	"testing"
	"time"
)

func TestTwoFailuresInARowMeanUnavailable(t *testing.T) {
	r := &reachability{}
	began := time.Now()
	r.failed(began, errNoAnswer)
	r.failed(began, errNoAnswer) // concurrent with the first one
	if r.isUnavailable() {
		t.Error("unavailable after one failure")
	}
	r.failed(time.Now(), errNoAnswer)
	if !r.isUnavailable() {
		t.Error("not unavailable after two failures")
	}
	r.answered(time.Now())
	if r.isUnavailable() {
		t.Error("unavailable after an answer")
	}
}

// With a full spool the spool sender has nothing to send, so sends have to probe the service.
func TestUnavailableEndsWithoutProbes(t *testing.T) {
	r := &reachability{}
	r.failed(time.Now(), errNoAnswer)
	r.failed(time.Now(), errNoAnswer)
	r.failedAt = time.Now().Add(-maxSpoolPause - spoolTryTimeout) // less than 45 s ago
	if !r.isUnavailable() {
		t.Error("not unavailable while the spool sender may still probe")
	}
	r.failedAt = time.Now().Add(-probeAfter)
	if r.isUnavailable() {
		t.Error("unavailable forever")
	}
	r.failed(time.Now(), errNoAnswer)
	if !r.isUnavailable() {
		t.Error("not unavailable after a new failure")
	}
}
