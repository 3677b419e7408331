package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// Delivery is one hand-out of one message, as a handler sees it.
type Delivery struct {
	// ID is the service's id of the message.
	ID      string
	Queue   string
	Payload Payload
	// Attributes are headers of the message, as sent or as edited.
	Attributes map[string]string
	// Attempt is 1 for the first.
	Attempt int
	// DeliveryNumber counts every hand-out, lost and released ones too.
	DeliveryNumber int
	// OutcomeUnknown: an earlier delivery ended without an outcome: check whether its work has taken effect.
	OutcomeUnknown bool
	// Reason is why it failed most recently.
	Reason Reason
	// LatestFailure is the most recent failure, if one was reported.
	LatestFailure *dlqv1.Failure
	// FailureCount is how many failures are on record.
	FailureCount int
	// SourceID is the sender's own identity of the message; empty if it has none.
	SourceID    string
	DedupKey    string
	OrderingKey string
	Priority    int
	// Edited: payload or attributes have been edited since it was sent.
	Edited       bool
	Origin       *dlqv1.Origin
	TraceContext TraceContext

	held *held
}

// LeaseExpireTime is when the server would take it back; it moves on while the worker extends the lease.
func (d *Delivery) LeaseExpireTime() time.Time {
	if d.held == nil {
		return time.Time{}
	}
	d.held.mu.Lock()
	defer d.held.mu.Unlock()
	return d.held.expires
}

// held is a delivery and its lease, until its outcome is reported.
type held struct {
	delivery *Delivery
	client   *Client
	token    string

	mu sync.Mutex
	// leasedAt is when its lease was given or last extended.
	leasedAt, expires time.Time
	// isDone: the handler is done, or its outcome no longer matters.
	isDone bool
	// isLost: the lease is somebody else's.
	isLost bool
	// sent is what a Send of this message in its handler has said.
	sent   *outcome
	cancel context.CancelCauseFunc // once the handler runs
}

func newHeld(d *dlqv1.Delivery, c *Client) *held {
	m := d.GetMessage()
	h := &held{client: c, token: d.GetLeaseToken(), leasedAt: time.Now()}
	if expires := d.GetLeaseExpireTime(); expires != nil {
		h.expires = expires.AsTime()
	}
	h.delivery = &Delivery{
		ID:             m.GetId(),
		Queue:          m.GetQueue(),
		Payload:        payloadFrom(m.GetPayload()),
		Attributes:     m.GetAttributes(),
		Attempt:        int(d.GetAttempt()),
		DeliveryNumber: int(d.GetDeliveryNumber()),
		OutcomeUnknown: d.GetOutcomeUnknown(),
		Reason:         m.GetReason(),
		LatestFailure:  m.GetFailure(),
		FailureCount:   int(m.GetFailureCount()),
		SourceID:       m.GetSourceId(),
		DedupKey:       m.GetDedupKey(),
		OrderingKey:    m.GetOrderingKey(),
		Priority:       int(m.GetPriority()),
		Edited:         m.GetEdited(),
		Origin:         m.GetOrigin(),
		TraceContext: TraceContext{
			m.GetTraceContext().GetTraceparent(), m.GetTraceContext().GetTracestate(),
		},
		held: h,
	}
	return h
}

type heldKey struct{}

func heldOf(ctx context.Context) *held {
	h, _ := ctx.Value(heldKey{}).(*held)
	return h
}

// begin gives the context of its handler; not ok if the lease was lost while it waited.
func (h *held) begin(base context.Context) (ctx context.Context, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLost {
		return nil, false
	}
	ctx, h.cancel = context.WithCancelCause(context.WithValue(base, heldKey{}, h))
	return ctx, true
}

// send notes a failure that the handler has sent; false once its outcome is decided.
func (h *held) send(o *outcome) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isDone {
		return false
	}
	h.sent = o
	return true
}

// settle gives the outcome to report, once; nil if there is none. It is chosen by what the handler has sent,
// which is nil if it has sent nothing.
func (h *held) settle(choose func(sent *outcome) *outcome) *outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isDone {
		return nil
	}
	h.isDone = true
	if h.isLost {
		return nil
	}
	return choose(h.sent)
}

// lose gives true if the handler's outcome will not count.
func (h *held) lose() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isDone || h.isLost {
		return false // its outcome is on the way, and the answer will tell
	}
	h.isLost = true
	return true
}

func (h *held) abort(cause error) {
	h.mu.Lock()
	cancel := h.cancel
	h.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

func (h *held) extendedTo(expires time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leasedAt, h.expires = time.Now(), expires
}

func (h *held) isDue(age time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.isLost && time.Since(h.leasedAt) >= age
}
