package dlq

import (
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

// LeaseLost reports whether the lease is lost: another worker may have the message, and the outcome does not count.
func (d *Delivery) LeaseLost() bool { return d.held != nil && !d.held.hasLease() }

// held is a delivery and its lease, until the outcome is reported.
type held struct {
	delivery *Delivery
	payload  comparedPayload // of delivery
	client   *Client
	token    string

	mu sync.Mutex
	// leasedAt is when the lease was given or last extended.
	leasedAt, expires time.Time
	// isDone: the outcome is decided, or the message is released.
	isDone bool
	// hasEnded: the handler has ended. A later send of this message is another message.
	hasEnded bool
	// isRemoved: the outcome removes the message from the service.
	isRemoved bool
	// isLost: the lease is lost; another worker may have the message.
	isLost bool
	// sent is the outcome by a Send of this message in its handler.
	sent *outcome
	// forwardings is how many sends of this message to other queues have no result yet.
	forwardings int
	// forwardingFailure is the outcome by such a send that was not kept.
	forwardingFailure *outcome
	// changed signals that forwardings is 0, or isDone is true.
	changed sync.Cond
	// handled is how long the handler ran until the outcome was decided.
	handled time.Duration

	// handling is nil until the handler starts. The worker's mutex guards it.
	handling *handling
}

func newHeld(d *dlqv1.Delivery, c *Client) *held {
	m := d.GetMessage()
	payload := payloadFrom(m.GetPayload())
	h := &held{payload: comparedPayload{Payload: payload}, client: c, token: d.GetLeaseToken(), leasedAt: time.Now()}
	h.changed.L = &h.mu
	if expires := d.GetLeaseExpireTime(); expires != nil {
		h.expires = expires.AsTime()
	}
	h.delivery = &Delivery{
		ID:             m.GetId(),
		Queue:          m.GetQueue(),
		Payload:        payload,
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

// wasSent reports whether a Send of the handler has set the outcome, or may still do so.
func (h *held) wasSent() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent != nil || h.forwardings > 0 || h.forwardingFailure != nil
}

// fail sets the outcome by a Send of the handler. It returns false if the handler has ended. If the worker has released the
// message of a handler that still runs, the service has it, and fail returns true without an effect.
func (h *held) fail(o *outcome) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hasEnded {
		return false
	}
	h.sent = o
	return true
}

// beginForwarding notes a send of the message to another queue. It returns the failure of earlier ones, or nil.
func (h *held) beginForwarding() (earlier *outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forwardings++
	return h.forwardingFailure
}

// endForwarding notes the failure of such a send. If that is nil, the message was kept, which takes back the failure of
// earlier ones. It returns true if the outcome has removed the message already.
func (h *held) endForwarding(earlier, failure *outcome) (isRemoved bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if failure != nil || h.forwardingFailure == earlier {
		h.forwardingFailure = failure
	}
	h.forwardings--
	if h.forwardings == 0 {
		h.changed.Broadcast()
	}
	return h.isRemoved
}

// end waits for the results of all sends to other queues, but not if the message is released. Then the handler has ended.
func (h *held) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.forwardings > 0 && !h.isDone {
		h.changed.Wait()
	}
	h.hasEnded = true
}

// settle returns the outcome, which counts unless the lease is lost. After the first call, the delivery is released.
// choose receives the outcome by a Send of this message in the handler, and the failure of one to another queue, or nil.
func (h *held) settle(choose func(sent, forwardingFailure *outcome) *outcome) (o *outcome, counts bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isDone {
		return &outcome{kind: Released}, false
	}
	h.isDone = true
	h.changed.Broadcast()
	o = choose(h.sent, h.forwardingFailure)
	h.isRemoved = !h.isLost && (o.kind == Succeeded || o.kind == Discarded)
	return o, !h.isLost
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

// hasLease returns false if the lease was lost before the outcome was decided.
func (h *held) hasLease() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.isLost
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
