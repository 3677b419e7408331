package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	mostOutcomes = 1_000
	// mostOutcomeBytes is of one call: many a proxy takes no more than 1 MiB.
	mostOutcomeBytes = 768 << 10
	mostAckCalls     = 4
	// ackDelay is how long an outcome waits for others while a call is under way.
	ackDelay      = time.Millisecond
	ackTryTimeout = 5 * time.Second
	// expiryGrace: after an outage the server waits this much longer than the lease.
	expiryGrace = 30 * time.Second
)

var errUnanswered = status.Error(codes.Canceled, "the worker stopped before the server had answered")

// unreported is a delivery whose outcome is known here, and not yet to the server.
type unreported struct {
	held    *held
	kind    OutcomeKind
	message *dlqv1.Outcome
	size    int
}

// acks report outcomes, those that come together in one call, again and again until they can't count.
type acks struct {
	line *line
	// onAnswered has a nil result where the server gave none.
	onAnswered func(unreported, *dlqv1.AckResult)
	// onGivenUp: the server never said whether it counts.
	onGivenUp func(unreported, error)

	ctx     context.Context // until it gives up
	abandon context.CancelFunc

	mu      sync.Mutex
	lease   time.Duration
	waiting []unreported
	bytes   int
	calls   int
	delay   *time.Timer
	idle    chan struct{} // closed when nothing waits and no call is under way; nil until somebody waits for it
}

func newAcks(l *line, onAnswered func(unreported, *dlqv1.AckResult), onGivenUp func(unreported, error)) *acks {
	ctx, abandon := context.WithCancel(context.Background())
	return &acks{
		line: l, onAnswered: onAnswered, onGivenUp: onGivenUp, ctx: ctx, abandon: abandon, lease: 30 * time.Second,
	}
}

// setLease is called once the stream says how long leases are.
func (a *acks) setLease(lease time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lease = lease
}

func (a *acks) add(h *held, o *outcome) {
	message := o.message(h.token)
	one := unreported{h, o.kind, message, proto.Size(message) + frameBytes}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, one)
	a.bytes += one.size
	if a.calls == 0 || len(a.waiting) >= mostOutcomes || a.bytes >= mostOutcomeBytes {
		a.pumpLocked()
	} else if a.delay == nil {
		a.delay = time.AfterFunc(ackDelay, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.delay = nil
			a.pumpLocked()
		})
	}
}

// flush waits until everything added so far is answered or given up; false if that takes too long, of which there is
// less once somebody hastens.
func (a *acks) flush(most time.Duration, hasten <-chan struct{}) bool {
	a.mu.Lock()
	if a.calls == 0 && len(a.waiting) == 0 {
		a.mu.Unlock()
		return true
	}
	if a.idle == nil {
		a.idle = make(chan struct{})
	}
	idle := a.idle
	a.pumpLocked()
	a.mu.Unlock()
	end := time.Now().Add(most)
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		select {
		case <-idle:
			return true
		case <-timer.C:
			return false
		case <-hasten:
			hasten = nil
			timer.Reset(min(time.Until(end), leastReport))
		}
	}
}

func (a *acks) pumpLocked() {
	for len(a.waiting) > 0 && a.calls < mostAckCalls {
		count, bytes := 0, 0
		for _, one := range a.waiting {
			if count == mostOutcomes || count > 0 && bytes+one.size > mostOutcomeBytes {
				break
			}
			bytes += one.size
			count++
		}
		batch := a.waiting[:count:count]
		a.waiting = a.waiting[count:]
		a.bytes -= bytes
		a.calls++
		go a.report(batch, a.lease)
	}
}

func (a *acks) report(batch []unreported, lease time.Duration) {
	a.reportUntil(time.Now().Add(lease+expiryGrace), batch)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls--
	a.pumpLocked()
	if a.calls == 0 && a.idle != nil {
		close(a.idle)
		a.idle = nil
	}
}

func (a *acks) reportUntil(giveUpAt time.Time, batch []unreported) {
	request := &dlqv1.AckRequest{RequestId: newUUID()}
	for _, one := range batch {
		request.Outcomes = append(request.Outcomes, one.message)
	}
	pause := backoff.New(20*time.Millisecond, time.Second)
	why := errUnanswered
	for {
		w := a.line.wire()
		ctx, cancel := context.WithTimeout(a.ctx, ackTryTimeout)
		response, err := w.ready().Ack(ctx, request)
		cancel()
		if err == nil {
			for at, one := range batch {
				var result *dlqv1.AckResult
				if at < len(response.GetResults()) {
					result = response.GetResults()[at]
				}
				a.onAnswered(one, result)
			}
			return
		}
		a.line.failed(w, err)
		if a.ctx.Err() == nil { // else the call was ended here
			why = err
		}
		isTooLarge := isTooLargeOnTheWay(status.Convert(err))
		isOver := a.ctx.Err() != nil || time.Now().After(giveUpAt)
		if half := len(batch) / 2; half > 0 && isTooLarge && !isOver {
			a.reportUntil(giveUpAt, batch[:half])
			a.reportUntil(giveUpAt, batch[half:])
			return
		}
		if isOver || isTooLarge || isForGood(err) || !pause.Wait(a.ctx) {
			for _, one := range batch {
				a.onGivenUp(one, why)
			}
			return
		}
	}
}
