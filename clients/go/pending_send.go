package dlq

import "time"

// PendingSend is a send that may have no result yet.
//
// The batcher's mutex guards all fields except timeout, onDropped, ended, done, result and err.
type PendingSend struct {
	sendRequest
	timeout   time.Duration
	onDropped reportDrop
	ended     func(Result, *Error) // called before the result is available; may be nil
	// skipsQueue: the send goes to the spool or is dropped at once, because too much is pending or the
	// service is unavailable.
	skipsQueue bool
	// pendingBefore is how many sends were pending when this one began.
	pendingBefore int
	// done is closed when result and err are set.
	done   chan struct{}
	result Result
	err    *Error
	// wasMaybeStored: an earlier try was sent, and its effect is unknown.
	wasMaybeStored bool
	// isInCall: a try is under way.
	isInCall bool
	// lastErr is the error of the latest try that failed with a known reason.
	lastErr   error
	isSettled bool
	// isSpooling: the send is being written to the spool and is not tried any more.
	isSpooling bool
}

// Done is closed when there is a result.
func (p *PendingSend) Done() <-chan struct{} { return p.done }

// Result waits for the result of the send and returns what [Client.Send] returns. It waits at most for the
// timeout of the send.
func (p *PendingSend) Result() (Result, error) {
	<-p.done
	if p.err != nil {
		return p.result, p.err
	}
	return p.result, nil
}

// settledSend returns a send that has its result already.
func settledSend(result Result, err *Error) *PendingSend {
	p := &PendingSend{done: make(chan struct{}), result: result, err: err}
	close(p.done)
	return p
}

// isFinished reports whether the send needs no other try.
func (p *PendingSend) isFinished() bool { return p.isSettled || p.isSpooling }

// maybeStored reports whether the server may have stored the message without an answer.
func (p *PendingSend) maybeStored() bool { return p.wasMaybeStored || p.isInCall }

// tried records a failed try.
func (p *PendingSend) tried(err error, maybeStored bool) {
	if p.lastErr == nil || !isUnanswered(err) { // a missing answer explains less than an earlier error
		p.lastErr = err
	}
	p.wasMaybeStored = p.wasMaybeStored || maybeStored
	p.isInCall = false
}

// sendQueue holds sends that wait for a call, in order. It skips sends that are finished meanwhile.
type sendQueue struct {
	sends []*PendingSend
	bytes int
}

func (q *sendQueue) push(p *PendingSend) {
	q.sends = append(q.sends, p)
	q.bytes += p.size
}

// putBack puts sends to the front for another try.
func (q *sendQueue) putBack(sends []*PendingSend) {
	for _, p := range sends {
		q.bytes += p.size
	}
	q.sends = append(sends[:len(sends):len(sends)], q.sends...)
}

// take removes the sends of one call from the front. A send larger than maxBytes goes alone.
func (q *sendQueue) take(maxMessages, maxBytes int) []*PendingSend {
	var taken []*PendingSend
	bytes := 0
	for len(q.sends) > 0 && len(taken) < maxMessages {
		p := q.sends[0]
		if !p.isFinished() {
			if len(taken) > 0 && bytes+p.size > maxBytes {
				break
			}
			bytes += p.size
			taken = append(taken, p)
		}
		q.bytes -= p.size
		q.sends[0] = nil
		q.sends = q.sends[1:]
	}
	return taken
}

// sweep removes finished sends, so that they don't use memory while no call takes them.
func (q *sendQueue) sweep() {
	left := make([]*PendingSend, 0, len(q.sends))
	q.bytes = 0
	for _, p := range q.sends {
		if !p.isFinished() {
			left = append(left, p)
			q.bytes += p.size
		}
	}
	q.sends = left
}
