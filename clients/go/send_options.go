package dlq

import (
	"maps"
	"time"
)

// SendOption is what can be said about a message beside its payload and its error.
type SendOption func(*sendOptions)

type sendOptions struct {
	sourceID, dedupKey, orderingKey string
	contentType, requestID          string
	reason                          Reason
	attributes, coordinates         map[string]string
	delay, ttl                      *time.Duration
	dueTime                         time.Time
	maxRetries                      *uint32
	retryPolicy                     *RetryPolicy
	priority                        int32
	trace                           TraceContext
	timeout                         time.Duration
}

// WithSourceID is your own identity of the message. Poison detection counts the sends of one source id.
func WithSourceID(id string) SendOption { return func(o *sendOptions) { o.sourceID = id } }

// WithDedupKey has sends of one key and payload within the dedup window join one message.
func WithDedupKey(key string) SendOption { return func(o *sendOptions) { o.dedupKey = key } }

// WithReason says why it failed, if you know; else the server reads it from the error.
func WithReason(reason Reason) SendOption { return func(o *sendOptions) { o.reason = reason } }

// WithAttributes are headers of the message, added to those of earlier options.
func WithAttributes(attributes map[string]string) SendOption {
	return func(o *sendOptions) { o.attributes = merged(o.attributes, attributes) }
}

// WithContentType is a media type; application/json where the payload was made JSON.
func WithContentType(mediaType string) SendOption {
	return func(o *sendOptions) { o.contentType = mediaType }
}

// WithDelay has the first retry so long from now; at most 365 days. Default: what RetryAfter says, else the
// policy's.
func WithDelay(delay time.Duration) SendOption { return func(o *sendOptions) { o.delay = &delay } }

// WithDueTime has the first retry then; it wins over WithDelay.
func WithDueTime(at time.Time) SendOption { return func(o *sendOptions) { o.dueTime = at } }

// WithTTL is the time to live, from now or from the due time. Default: the queue's (24 h).
func WithTTL(ttl time.Duration) SendOption { return func(o *sendOptions) { o.ttl = &ttl } }

// WithMaxRetries is how many failed attempts quarantine the message; it wins over every policy.
func WithMaxRetries(n uint32) SendOption { return func(o *sendOptions) { o.maxRetries = &n } }

// WithRetryPolicy wins over the policies of the queue and of the reason.
func WithRetryPolicy(policy *RetryPolicy) SendOption {
	return func(o *sendOptions) { o.retryPolicy = policy }
}

// WithPriority is -100 to 100, larger is sooner.
func WithPriority(priority int32) SendOption {
	return func(o *sendOptions) { o.priority = priority }
}

// WithOrderingKey has messages of one key delivered one at a time, in their order, where the queue has
// ordering.
func WithOrderingKey(key string) SendOption { return func(o *sendOptions) { o.orderingKey = key } }

// WithCoordinates say where the message is in your system: topic, partition, offset.
func WithCoordinates(coordinates map[string]string) SendOption {
	return func(o *sendOptions) { o.coordinates = merged(o.coordinates, coordinates) }
}

// WithTraceContext is the trace that the retries belong to. Default: that of the context, where the
// client has [WithTracing].
func WithTraceContext(trace TraceContext) SendOption {
	return func(o *sendOptions) { o.trace = trace }
}

// WithRequestID is the identity of this send, shared by all its tries. Default: a random UUID.
func WithRequestID(id string) SendOption { return func(o *sendOptions) { o.requestID = id } }

// WithTimeout is how long to try; below 10 minutes, for which a request id is known. Default: the
// client's.
func WithTimeout(timeout time.Duration) SendOption {
	return func(o *sendOptions) { o.timeout = timeout }
}

func merged(one, other map[string]string) map[string]string {
	all := make(map[string]string, len(one)+len(other))
	maps.Copy(all, one)
	maps.Copy(all, other)
	return all
}
