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
	// Limits of one Ack call. Many proxies refuse calls of more than 1 MiB.
	maxAckOutcomes = 1_000
	maxAckBytes    = 768 << 10
	maxAckCalls    = 4
	// ackDelay is how long an outcome waits for others while a call is under way.
	ackDelay      = time.Millisecond
	ackTryTimeout = 5 * time.Second
	// expiryGrace is how long after a lease the server still accepts an outcome, because of an outage.
	expiryGrace = 30 * time.Second
)

var errUnanswered = status.Error(codes.Canceled, "the worker stopped before the server answered")

// unreported is a delivery whose outcome is not reported to the server yet.
type unreported struct {
	held    *held
	kind    OutcomeKind
	cause   error // of a failure
	message *dlqv1.Outcome
	size    int
}

func (u unreported) description() string {
	return "the outcome (" + string(u.kind) + ") of message " + u.held.delivery.ID
}

// outcomeReporter reports outcomes in batches. It retries until they can't count any more.
type outcomeReporter struct {
	channel *reconnectingChannel
	// onAnswered is called with the server's result, or with nil if the server returned none.
	onAnswered func(unreported, *dlqv1.AckResult)
	// onGivenUp is called if the reporter gives up without an answer.
	onGivenUp func(unreported, error)

	ctx     context.Context // ends when the reporter gives up
	abandon context.CancelFunc

	mu      sync.Mutex
	lease   time.Duration
	waiting []unreported
	bytes   int
	calls   int
	delay   *time.Timer
	// idle is closed when nothing waits and no call is under way. It is nil until flush waits for it.
	idle chan struct{}
}

func newOutcomeReporter(
	channel *reconnectingChannel, onAnswered func(unreported, *dlqv1.AckResult), onGivenUp func(unreported, error),
) *outcomeReporter {
	ctx, abandon := context.WithCancel(context.Background())
	return &outcomeReporter{
		channel: channel, onAnswered: onAnswered, onGivenUp: onGivenUp, ctx: ctx, abandon: abandon, lease: defaultLease,
	}
}

// setLease sets the length of the leases, as the stream reports it.
func (r *outcomeReporter) setLease(lease time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lease = lease
}

func (r *outcomeReporter) add(h *held, o *outcome) {
	message := o.message(h.token)
	one := unreported{h, o.kind, o.cause, message, proto.Size(message) + frameBytes}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, one)
	r.bytes += one.size
	if r.calls == 0 || len(r.waiting) >= maxAckOutcomes || r.bytes >= maxAckBytes {
		r.startCallsLocked()
	} else if r.delay == nil {
		r.delay = time.AfterFunc(ackDelay, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.delay = nil
			r.startCallsLocked()
		})
	}
}

// flush waits until every outcome is answered or given up. It returns false after the timeout. When stopNow is
// closed, the timeout shrinks to minReportTime.
func (r *outcomeReporter) flush(timeout time.Duration, stopNow <-chan struct{}) bool {
	r.mu.Lock()
	if r.calls == 0 && len(r.waiting) == 0 {
		r.mu.Unlock()
		return true
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.startCallsLocked()
	r.mu.Unlock()
	end := time.Now().Add(timeout)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		select {
		case <-idle:
			return true
		case <-timer.C:
			return false
		case <-stopNow:
			stopNow = nil
			timer.Reset(min(time.Until(end), minReportTime))
		}
	}
}

func (r *outcomeReporter) startCallsLocked() {
	for len(r.waiting) > 0 && r.calls < maxAckCalls {
		count, bytes := 0, 0
		for _, one := range r.waiting {
			if count == maxAckOutcomes || count > 0 && bytes+one.size > maxAckBytes {
				break
			}
			bytes += one.size
			count++
		}
		batch := r.waiting[:count:count]
		r.waiting = r.waiting[count:]
		r.bytes -= bytes
		r.calls++
		go r.report(batch, r.lease)
	}
}

func (r *outcomeReporter) report(batch []unreported, lease time.Duration) {
	r.reportUntil(time.Now().Add(lease+expiryGrace), batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls--
	r.startCallsLocked()
	if r.calls == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

func (r *outcomeReporter) reportUntil(giveUpAt time.Time, batch []unreported) {
	request := &dlqv1.AckRequest{RequestId: newUUID()}
	for _, one := range batch {
		request.Outcomes = append(request.Outcomes, one.message)
	}
	pause := backoff.New(20*time.Millisecond, time.Second)
	reason := errUnanswered
	for {
		conn := r.channel.connection()
		ctx, cancel := context.WithTimeout(r.ctx, ackTryTimeout)
		response, err := conn.stub.Ack(ctx, request)
		cancel()
		if err == nil {
			var damaged []unreported
			for i, one := range batch {
				var result *dlqv1.AckResult
				if i < len(response.GetResults()) {
					result = response.GetResults()[i]
				}
				if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_INTERNAL && time.Now().Before(giveUpAt) {
					damaged = append(damaged, one)
				} else {
					r.onAnswered(one, result)
				}
			}
			if len(damaged) > 0 { // their queue may be repaired
				pause.Wait(r.ctx)
				r.reportUntil(giveUpAt, damaged)
			}
			return
		}
		r.channel.callFailed(conn, err)
		if r.ctx.Err() == nil { // otherwise the error is that of abandon
			reason = err
		}
		isTooLarge := isTooLargeForProxy(status.Convert(err))
		isOver := r.ctx.Err() != nil || time.Now().After(giveUpAt)
		if half := len(batch) / 2; half > 0 && isTooLarge && !isOver {
			r.reportUntil(giveUpAt, batch[:half])
			r.reportUntil(giveUpAt, batch[half:])
			return
		}
		if isOver || isTooLarge || isPermanent(err) || !pause.Wait(r.ctx) {
			for _, one := range batch {
				r.onGivenUp(one, reason)
			}
			return
		}
	}
}
