package dlq

import "time"

func (b *batcher) takeLocked(sends []*pendingSend, answers []sendAnswer) (dropped []*pendingSend) {
	var again []*pendingSend
	for at, p := range sends {
		answer := answers[at]
		switch {
		case answer.err == nil:
			b.settleLocked(p, storedFrom(answer.response, p.letter.request.GetQueue()), nil)
		case isWorthAgain(answer.err):
			again = append(again, tried(p, answer.err, true))
		default:
			refusal := refusalOf(answer.err, p.wasMaybeStored)
			dropped = append(dropped, b.settleLocked(p, Result{Status: StatusDropped}, refusal))
		}
	}
	if len(again) == 0 {
		b.backoff.Reset()
	} else {
		b.tryAgainLocked(again)
	}
	return dropped
}

func (b *batcher) failLocked(sends []*pendingSend, failure *callFailure) (dropped []*pendingSend) {
	switch {
	case isWorthAgain(failure.err):
		for _, p := range sends {
			tried(p, failure.err, failure.wentOut)
		}
		b.tryAgainLocked(sends)
	case len(sends) > 1 && isOfTheWholeCall(failure.err):
		// One of them spoils it for all; the halves find out which.
		middle := len(sends) / 2
		b.startLocked(sends[:middle])
		b.startLocked(sends[middle:])
	default:
		for _, p := range sends {
			refusal := refusalOf(failure.err, p.wasMaybeStored)
			dropped = append(dropped, b.settleLocked(p, Result{Status: StatusDropped}, refusal))
		}
	}
	return dropped
}

func (b *batcher) tryAgainLocked(sends []*pendingSend) {
	var left []*pendingSend
	for _, p := range sends {
		if !p.isGone() {
			left = append(left, p)
		}
	}
	b.queue.putBack(left)
	if b.isPaused {
		return
	}
	b.isPaused = true
	time.AfterFunc(b.backoff.Next(), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.isPaused = false
		b.pumpLocked()
	})
}

func tried(p *pendingSend, err error, maybeStored bool) *pendingSend {
	if p.lastErr == nil || !isSilent(err) { // else an earlier try knows more, such as of a certificate
		p.lastErr = err
	}
	p.wasMaybeStored = p.wasMaybeStored || maybeStored
	p.isOut = false
	return p
}
