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
			dropped = append(dropped, b.refuseLocked(p, answer.err))
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
			dropped = append(dropped, b.refuseLocked(p, failure.err))
		}
	}
	return dropped
}

// refuseLocked: what is refused for now waits where it can. It gives p if that is to be told as dropped.
func (b *batcher) refuseLocked(p *pendingSend, err error) *pendingSend {
	if p.isGone() {
		return nil // to the spool, say, which hears it too
	}
	refusal := refusalOf(err, p.wasMaybeStored)
	if b.shelter == nil || isForGood(err) {
		return b.settleLocked(p, Result{Status: StatusDropped}, refusal)
	}
	tried(p, err, refusal.MaybeStored)
	go b.giveUp(p, nil, func() *Error { return refusal }) // those that come together share a write
	return nil
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
