package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
)

const (
	firstSendPause = 20 * time.Millisecond
	maxSendPause   = time.Second
)

// spooler stores sends that the service did not accept in time.
type spooler interface {
	write(request *dlqv1.SendToDlqRequest, size int) spool.Result
	// warn logs why messages wait in the spool. It does nothing for nil.
	warn(reason error)
}

// batcher joins concurrent sends into calls. If no call is under way, a send goes at once. Otherwise sends
// wait until a call ends, a call is full, or MaxDelay is over. After a failed call all sends wait for the
// next try. Without a connection, and once the service is unavailable, sends go to the spool at once.
type batcher struct {
	channel    *reconnectingChannel
	reach      *reachability
	spool      spooler         // nil: sends are dropped instead
	outcomes   *outcomeWatches // nil without callbacks
	bounds     Coalescing
	tryTimeout time.Duration

	counts sendCounts

	mu           sync.Mutex
	queue        sendQueue
	deadlines    map[*PendingSend]time.Time // of all pending sends
	pendingBytes int
	calls        int
	isPaused     bool
	delay        *time.Timer
	backoff      *backoff.Backoff
}

// newBatcher returns b, whose fields before counts are set, ready for sends.
func newBatcher(b *batcher) *batcher {
	b.deadlines = map[*PendingSend]time.Time{}
	b.backoff = backoff.New(firstSendPause, maxSendPause)
	return b
}

// begin accepts a send. The caller must then call wait.
func (b *batcher) begin(p *PendingSend) {
	p.done = make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	hasRoom := len(b.deadlines) < b.bounds.MaxPendingMessages &&
		b.pendingBytes+p.size <= b.bounds.MaxPendingBytes
	p.pendingBefore = len(b.deadlines)
	b.deadlines[p] = time.Now().Add(p.timeout)
	b.pendingBytes += p.size
	p.skipsQueue = !hasRoom || b.spool != nil && b.reach.isUnavailable()
	if !p.skipsQueue {
		b.enqueueLocked(p)
	}
}

// wait returns when the send has its result. If the timeout or ctx ends first, the message goes to the spool.
func (b *batcher) wait(ctx context.Context, p *PendingSend) {
	if p.skipsQueue {
		b.giveUp(p, b.reach.lastError(), func() *Error { return bufferFullError(p, b.bounds) })
		<-p.done
		return
	}
	timer := time.NewTimer(p.timeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
		b.giveUp(p, errNoAnswer, func() *Error { return deadlineError(p.lastErr, p.maybeStored()) })
	case <-ctx.Done():
		b.giveUp(p, nil, func() *Error { return contextError(ctx, p.lastErr, p.maybeStored()) })
	}
	<-p.done
}

// flush waits until every pending send has its result, or returns the cause of the end of ctx.
func (b *batcher) flush(ctx context.Context) error {
	for _, p := range b.pending() {
		select {
		case <-p.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// giveUpAll moves all pending sends to the spool, or drops them.
func (b *batcher) giveUpAll() {
	var all sync.WaitGroup
	for _, p := range b.pending() {
		all.Add(1)
		go func() { // concurrent sends share a write to the spool
			defer all.Done()
			b.giveUp(p, b.reach.lastError(), func() *Error { return closedError(p.lastErr, p.maybeStored()) })
			<-p.done
		}()
	}
	all.Wait()
}

func (b *batcher) pending() []*PendingSend {
	b.mu.Lock()
	defer b.mu.Unlock()
	pending := make([]*PendingSend, 0, len(b.deadlines))
	for p := range b.deadlines {
		pending = append(pending, p)
	}
	return pending
}

// giveUp moves a send to the spool. Without a spool it drops the send with the error that dropError returns. The spool
// warning names the error of the latest try, or reason if no try has failed. If both are nil, there is no warning.
func (b *batcher) giveUp(p *PendingSend, reason error, dropError func() *Error) {
	b.mu.Lock()
	if p.isFinished() {
		b.mu.Unlock()
		return
	}
	if b.spool == nil {
		settled := b.settleLocked(p, Result{Status: StatusDropped}, dropError())
		b.mu.Unlock()
		b.reportSettled(settled)
		return
	}
	p.isSpooling = true
	if p.lastErr == nil {
		p.lastErr = reason
	}
	lastErr := p.lastErr
	b.mu.Unlock()
	result := b.spool.write(p.request, p.size)
	isSpooled := result == spool.OnDisk || result == spool.InMemory
	if isSpooled {
		b.spool.warn(lastErr) // before the send returns, because the program may end then
	}
	b.mu.Lock()
	var settled *PendingSend
	if isSpooled {
		settled = b.settleLocked(p, Result{Status: StatusSpooled, Durable: result == spool.OnDisk}, nil)
	} else {
		settled = b.settleLocked(p, Result{Status: StatusDropped}, notSpooledError(result, p.lastErr, p.maybeStored()))
	}
	b.mu.Unlock()
	b.reportSettled(settled)
}

// settleLocked sets the result of a send, unless it has one. It returns p if the caller has to call
// reportSettled, and nil otherwise. Until then the send stays pending.
func (b *batcher) settleLocked(p *PendingSend, result Result, err *Error) *PendingSend {
	if p.isSettled {
		return nil
	}
	p.isSettled = true
	p.result, p.err = result, err
	b.counts.add(result.Status)
	if err != nil || p.ended != nil {
		return p
	}
	b.endLocked(p)
	return nil
}

func (b *batcher) endLocked(p *PendingSend) {
	delete(b.deadlines, p)
	b.pendingBytes -= p.size
	if len(b.queue.sends) > 2*len(b.deadlines)+64 {
		b.queue.sweep()
	}
	close(p.done)
}

// reportSettled reports sends to the telemetry, and dropped ones to their callback. Then their results are available.
// It ignores nil.
func (b *batcher) reportSettled(settled ...*PendingSend) {
	for _, p := range settled {
		if p == nil {
			continue
		}
		if p.err != nil {
			p.onDropped(p.err, p.request.GetQueue())
		}
		if p.ended != nil {
			p.ended(p.result, p.err)
		}
		b.mu.Lock()
		b.endLocked(p)
		b.mu.Unlock()
	}
}

func (b *batcher) enqueueLocked(p *PendingSend) {
	b.queue.push(p)
	if b.calls == 0 || b.isFullLocked() {
		b.startCallsLocked()
	} else if b.delay == nil {
		b.delay = time.AfterFunc(b.bounds.MaxDelay, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.delay = nil
			b.startCallsLocked()
		})
	}
}

func (b *batcher) isFullLocked() bool {
	return len(b.queue.sends) >= b.bounds.MaxMessages || b.queue.bytes >= b.bounds.MaxBytes
}

// startCallsLocked starts one call with the sends that wait, and further calls only if they are full.
func (b *batcher) startCallsLocked() {
	for first := true; !b.isPaused && b.calls < b.bounds.MaxCalls && (first || b.isFullLocked()); first = false {
		sends := b.queue.take(b.bounds.MaxMessages, b.bounds.MaxBytes)
		if len(sends) == 0 {
			return
		}
		b.startCallLocked(sends)
	}
}
