package dlq

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	maxTokens         = 1_000 // of one call
	minExtendInterval = 100 * time.Millisecond
	leaseCallTimeout  = 2 * time.Second
)

// leases holds the leases of a worker: of deliveries that run, wait, or are not reported yet. It extends each
// lease when a third of it is over. It names each token, because a whole session would also extend deliveries
// that never arrived.
type leases struct {
	channel *reconnectingChannel
	onLost  func(*held)
	// onRefused is called if the server refuses the whole call and a later try can't help.
	onRefused func(error)

	mu      sync.Mutex
	byToken map[string]*held
	length  time.Duration
	changed chan struct{} // signals a new length
}

func newLeases(channel *reconnectingChannel, onLost func(*held), onRefused func(error)) *leases {
	return &leases{
		channel: channel, onLost: onLost, onRefused: onRefused, byToken: map[string]*held{}, changed: make(chan struct{}, 1),
	}
}

func (l *leases) setLength(length time.Duration) {
	l.mu.Lock()
	l.length = length
	l.mu.Unlock()
	signal(l.changed)
}

func (l *leases) add(h *held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byToken[h.token] = h
}

func (l *leases) remove(h *held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byToken, h.token)
}

func (l *leases) has(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byToken[token] != nil
}

// run extends leases until ctx ends.
func (l *leases) run(ctx context.Context) {
	var ticks <-chan time.Time
	var ticker *time.Ticker
	for {
		select {
		case <-l.changed:
			l.mu.Lock()
			interval := max(minExtendInterval, l.length/12)
			l.mu.Unlock()
			if ticker == nil {
				ticker = time.NewTicker(interval)
				defer ticker.Stop()
				ticks = ticker.C
			} else {
				ticker.Reset(interval)
			}
		case <-ticks:
			l.extendDue(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (l *leases) extendDue(ctx context.Context) {
	l.mu.Lock()
	length := l.length
	var due []*held
	for _, h := range l.byToken {
		if h.isExtensionDue(length / 3) {
			due = append(due, h)
		}
	}
	l.mu.Unlock()
	for batch := range slices.Chunk(due, maxTokens) {
		if !l.extend(ctx, batch, min(leaseCallTimeout, length/3)) {
			return // the next tick tries again
		}
	}
}

// extend reports whether the call was answered.
func (l *leases) extend(ctx context.Context, due []*held, timeout time.Duration) bool {
	request := &dlqv1.ExtendLeaseRequest{}
	for _, h := range due {
		request.LeaseTokens = append(request.LeaseTokens, h.token)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn := l.channel.connection()
	response, err := conn.stub.ExtendLease(ctx, request)
	if err != nil {
		l.channel.callFailed(conn, err)
		if !isRetryable(err) {
			l.onRefused(err)
		}
		return false
	}
	for i, result := range response.GetResults() {
		if i >= len(due) || !l.has(due[i].token) {
			continue
		}
		if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_INTERNAL {
			continue // the data of the queue is damaged; the next tick tries again
		}
		if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_APPLIED && !result.GetShouldStop() {
			due[i].extendedTo(result.GetLeaseExpireTime().AsTime())
		} else {
			l.onLost(due[i])
		}
	}
	return true
}

// releaseUnreceived releases deliveries of the session that never arrived, because their stream broke. Call it
// only while no stream is open. It is best effort: their leases expire anyway.
func (l *leases) releaseUnreceived(ctx context.Context, sessionID string) {
	if sessionID == "" {
		return // no stream was open yet
	}
	ctx, cancel := context.WithTimeout(ctx, leaseCallTimeout)
	defer cancel()
	stub := l.channel.connection().stub
	response, err := stub.ExtendLease(ctx, &dlqv1.ExtendLeaseRequest{SessionId: sessionID})
	if err != nil {
		return
	}
	var unreceived []*dlqv1.Outcome
	for _, result := range response.GetResults() {
		// An expired lease needs no release. A release would delay its message.
		if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_APPLIED && !l.has(result.GetLeaseToken()) {
			unreceived = append(unreceived, (&outcome{kind: Released}).message(result.GetLeaseToken()))
		}
	}
	for batch := range slices.Chunk(unreceived, maxTokens) {
		if _, err := stub.Ack(ctx, &dlqv1.AckRequest{RequestId: newUUID(), Outcomes: batch}); err != nil {
			return
		}
	}
}
