package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	grpcstatus "google.golang.org/grpc/status"
)

const (
	firstSendPause = 20 * time.Millisecond
	mostSendPause  = time.Second
)

// shelter is where sends go that the service does not take in time.
type shelter interface {
	keep(request *dlqv1.SendToDlqRequest, size int) spool.Placed
	// tellOf says why what is refused for now, or can't be delivered, waits there; nothing without a reason.
	tellOf(err error)
}

// batcher has sends that come together go in one call. With no call under way the first goes at once; else
// sends collect until a call is answered, a call is full, or the delay is over. While the server can't be
// reached all wait, and one call after another finds out; once it is known to be away, sends go to the
// shelter at once.
type batcher struct {
	line       *line
	reach      *reachability
	shelter    shelter // nil: what can't be sent in time is dropped
	bounds     Coalescing
	tryTimeout time.Duration
	onDropped  func(err *Error, queue string)

	mu           sync.Mutex
	queue        sendQueue
	pending      map[*pendingSend]time.Time // with their deadlines
	pendingBytes int
	calls        int
	isPaused     bool
	delay        *time.Timer
	backoff      *backoff.Backoff
}

// newBatcher takes one of which the first part is set.
func newBatcher(b *batcher) *batcher {
	b.pending = map[*pendingSend]time.Time{}
	b.backoff = backoff.New(firstSendPause, mostSendPause)
	return b
}

// begin takes a send; wait has to follow.
func (b *batcher) begin(l letter, timeout time.Duration) *pendingSend {
	p := &pendingSend{letter: l, timeout: timeout, done: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	isRoom := len(b.pending) < b.bounds.MaxPendingMessages &&
		b.pendingBytes+l.size <= b.bounds.MaxPendingBytes
	p.before = len(b.pending)
	b.pending[p] = time.Now().Add(timeout)
	b.pendingBytes += l.size
	p.isBesides = !isRoom || b.shelter != nil && b.reach.isAway()
	if !p.isBesides {
		b.enqueueLocked(p)
	}
	return p
}

// wait sees to it that there is a result. Where its context ends before, the message goes to the shelter.
func (b *batcher) wait(ctx context.Context, p *pendingSend) {
	if p.isBesides {
		b.giveUp(p, b.reach.why(), func() *Error { return bufferFull(p, b.bounds) })
		<-p.done
		return
	}
	timer := time.NewTimer(p.timeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
		b.giveUp(p, errNoAnswer, func() *Error { return lateError(p.lastErr, p.maybeStored()) })
	case <-ctx.Done():
		b.giveUp(p, nil, func() *Error { return contextError(ctx, p.lastErr, p.maybeStored()) })
	}
	<-p.done
}

func (b *batcher) enqueueLocked(p *pendingSend) {
	b.queue.push(p)
	if b.calls == 0 || b.isFullLocked() {
		b.pumpLocked()
	} else if b.delay == nil {
		b.delay = time.AfterFunc(b.bounds.MaxDelay, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.delay = nil
			b.pumpLocked()
		})
	}
}

// flush waits until every send of before has its result, or the context ends.
func (b *batcher) flush(ctx context.Context) error {
	for _, p := range b.all() {
		select {
		case <-p.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// giveUpAll waits no longer for what is pending.
func (b *batcher) giveUpAll() {
	var all sync.WaitGroup
	for _, p := range b.all() {
		all.Add(1)
		go func() { // those that come together share a write
			defer all.Done()
			b.giveUp(p, b.reach.why(), func() *Error { return closedError(p.lastErr, p.maybeStored()) })
			<-p.done
		}()
	}
	all.Wait()
}

func (b *batcher) all() []*pendingSend {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*pendingSend, 0, len(b.pending))
	for p := range b.pending {
		all = append(all, p)
	}
	return all
}

// giveUp has a send go to the shelter, or be dropped with what why gives. If no try of its own has failed, it waits
// there for cause; nil is none to tell of.
func (b *batcher) giveUp(p *pendingSend, cause error, why func() *Error) {
	b.mu.Lock()
	if p.isGone() {
		b.mu.Unlock()
		return
	}
	if b.shelter == nil {
		dropped := b.settleLocked(p, Result{Status: StatusDropped}, why())
		b.mu.Unlock()
		b.tell(dropped)
		return
	}
	p.isLeaving = true
	if p.lastErr == nil {
		p.lastErr = cause
	}
	lastErr := p.lastErr
	b.mu.Unlock()
	placed := b.shelter.keep(p.letter.request, p.letter.size)
	isKept := placed == spool.OnDisk || placed == spool.InMemory
	if isKept {
		b.shelter.tellOf(lastErr) // before whoever waits for it hears of it, for the program may end then
	}
	b.mu.Lock()
	var dropped *pendingSend
	if isKept {
		b.settleLocked(p, Result{Status: StatusSpooled, Durable: placed == spool.OnDisk}, nil)
	} else {
		dropped = b.settleLocked(p, Result{Status: StatusDropped}, notKept(placed, p.lastErr, p.maybeStored()))
	}
	b.mu.Unlock()
	b.tell(dropped)
}

// settleLocked: the first result counts. It gives p if that is to be told as dropped, before whoever waits for it
// hears of it; until then p is pending.
func (b *batcher) settleLocked(p *pendingSend, result Result, err *Error) *pendingSend {
	if p.isSettled {
		return nil
	}
	p.isSettled = true
	p.result, p.err = result, err
	if err != nil {
		return p
	}
	b.endLocked(p)
	return nil
}

func (b *batcher) endLocked(p *pendingSend) {
	delete(b.pending, p)
	b.pendingBytes -= p.letter.size
	if len(b.queue.sends) > 2*len(b.pending)+64 {
		b.queue.sweep()
	}
	close(p.done)
}

func (b *batcher) tell(dropped ...*pendingSend) {
	for _, p := range dropped {
		if p != nil {
			b.onDropped(p.err, p.letter.request.GetQueue())
			b.mu.Lock()
			b.endLocked(p)
			b.mu.Unlock()
		}
	}
}

func (b *batcher) isFullLocked() bool {
	return len(b.queue.sends) >= b.bounds.MaxMessages || b.queue.bytes >= b.bounds.MaxBytes
}

// pumpLocked makes one call of what is there, and more calls only of what fills them.
func (b *batcher) pumpLocked() {
	for first := true; !b.isPaused && b.calls < b.bounds.MaxCalls && (first || b.isFullLocked()); first = false {
		sends := b.queue.take(b.bounds.MaxMessages, b.bounds.MaxBytes)
		if len(sends) == 0 {
			return
		}
		b.startLocked(sends)
	}
}

func (b *batcher) startLocked(sends []*pendingSend) {
	b.calls++
	timeout := time.Millisecond
	now := time.Now()
	requests := make([]*dlqv1.SendToDlqRequest, len(sends))
	for at, p := range sends {
		p.isOut = true
		requests[at] = p.letter.request
		timeout = max(timeout, b.pending[p].Sub(now))
	}
	go b.call(sends, requests, min(timeout, b.tryTimeout))
}

func (b *batcher) call(sends []*pendingSend, requests []*dlqv1.SendToDlqRequest, timeout time.Duration) {
	began := time.Now()
	w := b.line.wire()
	answers, failure := callSend(context.Background(), w, requests, timeout)
	var dropped []*pendingSend
	if failure != nil {
		b.line.failed(w, failure.err)
	}
	switch {
	case failure == nil && withoutService(answers) == nil:
		b.reach.answered(began)
	case failure == nil:
		b.reach.failed(began, withoutService(answers))
	case !isAnswer(failure.err):
		b.reach.failed(began, failure.err)
	case !cannotBeWritten(grpcstatus.Convert(failure.err)): // else nobody was asked
		b.reach.answered(began)
	}
	b.mu.Lock()
	b.calls--
	if failure != nil {
		dropped = b.failLocked(sends, failure)
	} else {
		dropped = b.takeLocked(sends, answers)
	}
	if len(b.queue.sends) > 0 {
		b.pumpLocked()
	}
	b.mu.Unlock()
	b.tell(dropped...)
}
