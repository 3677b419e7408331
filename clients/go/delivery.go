package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// Delivery is one hand-out of a message to a handler.
type Delivery struct {
	// ID is the id of the message in the service.
	ID      string
	Queue   string
	Payload Payload
	// Attributes are the headers of the message.
	Attributes map[string]string
	// Attempt is 1 for the first.
	Attempt int
	// DeliveryNumber counts every delivery, including lost and released ones.
	DeliveryNumber int
	// OutcomeUnknown is true if an earlier delivery ended without an outcome. Check whether its work was done.
	OutcomeUnknown bool
	// Reason is the reason of the latest failure.
	Reason Reason
	// LatestFailure is the latest reported failure, or nil.
	LatestFailure *dlqv1.Failure
	// FailureCount is the number of recorded failures.
	FailureCount int
	// SourceID is the sender's own id of the message. It may be empty.
	SourceID    string
	DedupKey    string
	OrderingKey string
	Priority    int
	// Edited is true if the payload or the attributes were edited in the service.
	Edited       bool
	Origin       *dlqv1.Origin
	TraceContext TraceContext

	held *held
}

// LeaseExpireTime returns when the lease expires. The worker extends the lease while the handler runs.
func (d *Delivery) LeaseExpireTime() time.Time {
	if d.held == nil {
		return time.Time{}
	}
	d.held.mu.Lock()
	defer d.held.mu.Unlock()
	return d.held.expires
}

// held is a delivery and its lease, until the outcome is reported.
type held struct {
	delivery *Delivery
	client   *Client
	token    string

	mu sync.Mutex
	// leasedAt is when the lease was given or last extended.
	leasedAt, expires time.Time
	// isDone: the outcome is decided.
	isDone bool
	// isLost: the lease is lost; another worker may have the message.
	isLost bool
	// sent is the outcome by a Send of this message in its handler.
	sent   *outcome
	cancel context.CancelCauseFunc // set when the handler runs
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

// begin returns the context of the handler. It is not ok if the lease was lost before.
func (h *held) begin(base context.Context) (ctx context.Context, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLost {
		return nil, false
	}
	ctx, h.cancel = context.WithCancelCause(context.WithValue(base, heldKey{}, h))
	return ctx, true
}

// fail sets the outcome by a Send of the handler. It returns false if the outcome is decided already.
func (h *held) fail(o *outcome) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isDone {
		return false
	}
	h.sent = o
	return true
}

// settle returns the outcome to report. It returns nil if the lease is lost, and after the first call. choose
// receives the outcome by a Send of the handler, or nil.
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

// lose marks the lease as lost. It returns false if that has no effect on the outcome.
func (h *held) lose() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isDone || h.isLost {
		return false // the answer to the reported outcome decides
	}
	h.isLost = true
	return true
}

// abort cancels the context of the handler.
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

// isExtensionDue reports whether the lease is older than age.
func (h *held) isExtensionDue(age time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.isLost && time.Since(h.leasedAt) >= age
}
