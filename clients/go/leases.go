package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	mostTokens       = 1_000
	leastExtendEvery = 100 * time.Millisecond
	leaseCallTimeout = 2 * time.Second
)

// leases are what a worker holds: running, waiting, and not yet reported. Each is extended when a third of it
// is over, by its token: a whole session would also keep what was lost on the way here.
type leases struct {
	line   *line
	onLost func(*held)
	// onRefused: extending is refused as such, for a reason that does not pass by itself.
	onRefused func(error)

	mu     sync.Mutex
	byID   map[string]*held
	length time.Duration
	// changed has room for one.
	changed chan struct{}
}

func newLeases(l *line, onLost func(*held), onRefused func(error)) *leases {
	return &leases{
		line: l, onLost: onLost, onRefused: onRefused, byID: map[string]*held{}, changed: make(chan struct{}, 1),
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
	l.byID[h.token] = h
}

func (l *leases) remove(h *held) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byID, h.token)
}

func (l *leases) has(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byID[token] != nil
}

// keep extends what is due until the context ends.
func (l *leases) keep(ctx context.Context) {
	var ticks <-chan time.Time
	var ticker *time.Ticker
	for {
		select {
		case <-l.changed:
			l.mu.Lock()
			every := max(leastExtendEvery, l.length/12)
			l.mu.Unlock()
			if ticker == nil {
				ticker = time.NewTicker(every)
				defer ticker.Stop()
				ticks = ticker.C
			} else {
				ticker.Reset(every)
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
	for _, h := range l.byID {
		if h.isDue(length / 3) {
			due = append(due, h)
		}
	}
	l.mu.Unlock()
	for ; len(due) > 0; due = due[min(len(due), mostTokens):] {
		if !l.extend(ctx, due[:min(len(due), mostTokens)], min(leaseCallTimeout, length/3)) {
			return // the next look tries again; until then the lease goes on
		}
	}
}

func (l *leases) extend(ctx context.Context, due []*held, timeout time.Duration) bool {
	request := &dlqv1.ExtendLeaseRequest{}
	for _, h := range due {
		request.LeaseTokens = append(request.LeaseTokens, h.token)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	w := l.line.wire()
	response, err := w.ready().ExtendLease(ctx, request)
	if err != nil {
		l.line.failed(w, err)
		if !isWorthAgain(err) {
			l.onRefused(err)
		}
		return false
	}
	for at, result := range response.GetResults() {
		if at >= len(due) || !l.has(due[at].token) {
			continue
		}
		if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_APPLIED && !result.GetShouldStop() {
			due[at].extendedTo(result.GetLeaseExpireTime().AsTime())
		} else {
			l.onLost(due[at])
		}
	}
	return true
}

// releaseStrays gives back what the server counts as this session's and what never came here: written to a
// stream that broke. Only while no stream is open. Best effort: they expire by themselves.
func (l *leases) releaseStrays(ctx context.Context, sessionID string) {
	if sessionID == "" {
		return // no stream was ever open
	}
	ctx, cancel := context.WithTimeout(ctx, leaseCallTimeout)
	defer cancel()
	w := l.line.wire()
	response, err := w.ready().ExtendLease(ctx, &dlqv1.ExtendLeaseRequest{SessionId: sessionID})
	if err != nil {
		return // nobody answers at present
	}
	var strays []*dlqv1.Outcome
	for _, result := range response.GetResults() {
		// A lease that is over already needs no release, which would only make its message wait.
		if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_APPLIED && !l.has(result.GetLeaseToken()) {
			strays = append(strays, (&outcome{kind: Released}).message(result.GetLeaseToken()))
		}
	}
	for ; len(strays) > 0; strays = strays[min(len(strays), mostTokens):] {
		request := &dlqv1.AckRequest{RequestId: newUUID(), Outcomes: strays[:min(len(strays), mostTokens)]}
		if _, err := w.ready().Ack(ctx, request); err != nil {
			return
		}
	}
}
