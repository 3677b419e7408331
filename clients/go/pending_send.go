package dlq

import "time"

// pendingSend is one send that has no result yet. All but done and what it gives is guarded by the
// sender's mutex.
type pendingSend struct {
	letter  letter
	timeout time.Duration
	// isBesides: there is no room for it, or nobody there to send it to, and how many were pending before.
	isBesides bool
	before    int
	// done is closed once there is a result.
	done   chan struct{}
	result Result
	err    *Error
	// wasMaybeStored: an earlier try went out, and its effect is not known.
	wasMaybeStored bool
	// isOut: a try is out.
	isOut bool
	// lastErr is why the latest try failed of which that is known.
	lastErr   error
	isSettled bool
	// isLeaving: it is on its way to the spool, and no longer to the server.
	isLeaving bool
}

// isGone: nothing more is to be done for it.
func (p *pendingSend) isGone() bool { return p.isSettled || p.isLeaving }

// maybeStored: the server may have it, although no answer says so.
func (p *pendingSend) maybeStored() bool { return p.wasMaybeStored || p.isOut }

// sendQueue has sends that wait for a call, in order; those that are gone meanwhile are passed over.
type sendQueue struct {
	sends []*pendingSend
	bytes int
}

func (q *sendQueue) push(p *pendingSend) {
	q.sends = append(q.sends, p)
	q.bytes += p.letter.size
}

// putBack is to the front: what was tried before goes before what is new.
func (q *sendQueue) putBack(sends []*pendingSend) {
	for _, p := range sends {
		q.bytes += p.letter.size
	}
	q.sends = append(sends[:len(sends):len(sends)], q.sends...)
}

// take gives as many from the front as fit into one call; one that is larger goes alone.
func (q *sendQueue) take(mostMessages, mostBytes int) []*pendingSend {
	var taken []*pendingSend
	bytes := 0
	for len(q.sends) > 0 && len(taken) < mostMessages {
		p := q.sends[0]
		if !p.isGone() {
			if len(taken) > 0 && bytes+p.letter.size > mostBytes {
				break
			}
			bytes += p.letter.size
			taken = append(taken, p)
		}
		q.bytes -= p.letter.size
		q.sends[0] = nil
		q.sends = q.sends[1:]
	}
	return taken
}

// sweep lets go of those that are gone, however long no call takes them.
func (q *sendQueue) sweep() {
	kept := make([]*pendingSend, 0, len(q.sends))
	q.bytes = 0
	for _, p := range q.sends {
		if !p.isGone() {
			kept = append(kept, p)
			q.bytes += p.letter.size
		}
	}
	q.sends = kept
}
