package dlq

import (
	"testing"
	"time"
)

func TestTwoFailuresInARowSayThatTheServiceIsAway(t *testing.T) {
	r := &reachability{}
	began := time.Now()
	r.failed(began, errNoAnswer)
	r.failed(began, errNoAnswer) // was under way together with the first one
	if r.isAway() {
		t.Error("away by one fault")
	}
	r.failed(time.Now(), errNoAnswer)
	if !r.isAway() {
		t.Error("not away")
	}
	r.answered(time.Now())
	if r.isAway() {
		t.Error("away although it answers")
	}
}

// Where nothing finds room in the spool there is no letter to find out by: sends have to.
func TestAServiceThatNobodyAsksForLongIsNotTakenToBeAway(t *testing.T) {
	r := &reachability{}
	r.failed(time.Now(), errNoAnswer)
	r.failed(time.Now(), errNoAnswer)
	r.failedAt = time.Now().Add(-mostCourierPause - courierTryTimeout)
	if !r.isAway() {
		t.Error("not away, although the courier may be about to ask")
	}
	r.failedAt = time.Now().Add(-2 * mostCourierPause)
	if r.isAway() {
		t.Error("away for ever")
	}
	r.failed(time.Now(), errNoAnswer)
	if !r.isAway() {
		t.Error("not away, although it failed again")
	}
}
