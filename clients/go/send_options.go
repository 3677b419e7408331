package dlq

import (
	"maps"
	"time"
)

// SendOption is an option of [Client.Send].
type SendOption func(*sendOptions)

type sendOptions struct {
	sourceID, dedupKey, orderingKey string
	contentType, requestID          string
	reason                          Reason
	fingerprint                     string
	attributes, coordinates         map[string]string
	delay, ttl                      *time.Duration
	dueTime                         time.Time
	maxRetries                      *uint32
	retryPolicy                     *RetryPolicy
	priority                        int32
	trace                           TraceContext
	timeout                         time.Duration
}

// WithSourceID sets your own id of the message. Poison detection counts the sends of a source id.
func WithSourceID(id string) SendOption { return func(o *sendOptions) { o.sourceID = id } }

// WithDedupKey sets a key for deduplication: sends with the same key and payload within the dedup window join one
// message.
func WithDedupKey(key string) SendOption { return func(o *sendOptions) { o.dedupKey = key } }

// WithReason sets why the message failed. Default: the server derives it from the error.
func WithReason(reason Reason) SendOption { return func(o *sendOptions) { o.reason = reason } }

// WithFingerprint names the group of the failure, such as card-declined: failures with the same fingerprint are one group.
// It replaces the one that the service forms of reason, type, message and frame. Up to 256 bytes; a longer one is cut.
// Default: that of [Fingerprint].
func WithFingerprint(fingerprint string) SendOption {
	return func(o *sendOptions) { o.fingerprint = fingerprint }
}

// WithAttributes adds headers of the message to those of earlier options.
func WithAttributes(attributes map[string]string) SendOption {
	return func(o *sendOptions) { o.attributes = merged(o.attributes, attributes) }
}

// WithContentType sets the media type. Default: application/json for a payload that was encoded as JSON.
func WithContentType(mediaType string) SendOption {
	return func(o *sendOptions) { o.contentType = mediaType }
}

// WithDelay sets the delay of the first retry, up to 365 days. A negative one is 0. Default: that of [RetryAfter], or the policy's.
func WithDelay(delay time.Duration) SendOption {
	delay = max(delay, 0)
	return func(o *sendOptions) { o.delay = &delay }
}

// WithDueTime sets the time of the first retry. It overrides [WithDelay].
func WithDueTime(at time.Time) SendOption { return func(o *sendOptions) { o.dueTime = at } }

// WithTTL sets the time to live, from now or from the due time. Default: the queue's (24 h).
func WithTTL(ttl time.Duration) SendOption { return func(o *sendOptions) { o.ttl = &ttl } }

// WithMaxRetries sets how many failed attempts quarantine the message. It overrides every policy.
func WithMaxRetries(n uint32) SendOption { return func(o *sendOptions) { o.maxRetries = &n } }

// WithRetryPolicy sets a policy that overrides those of the queue and of the reason.
func WithRetryPolicy(policy *RetryPolicy) SendOption {
	return func(o *sendOptions) { o.retryPolicy = policy }
}

// WithPriority sets the priority, -100 to 100. A larger one is delivered sooner.
func WithPriority(priority int32) SendOption {
	return func(o *sendOptions) { o.priority = priority }
}

// WithOrderingKey sets the ordering key. If the queue has ordering, messages of a key are delivered one at a time,
// in order.
func WithOrderingKey(key string) SendOption { return func(o *sendOptions) { o.orderingKey = key } }

// WithCoordinates adds the place of the message in your system, such as topic, partition, offset.
func WithCoordinates(coordinates map[string]string) SendOption {
	return func(o *sendOptions) { o.coordinates = merged(o.coordinates, coordinates) }
}

// WithTraceContext sets the trace of the message. Default: that of the context, if the client has [WithTelemetry].
func WithTraceContext(trace TraceContext) SendOption {
	return func(o *sendOptions) { o.trace = trace }
}

// WithRequestID sets the id of this send, which all its tries share. Default: a random UUID.
func WithRequestID(id string) SendOption { return func(o *sendOptions) { o.requestID = id } }

// WithTimeout sets how long the send tries, less than 10 minutes: so long the service remembers a request id. Default:
// the client's, also for one below 1 ms.
func WithTimeout(timeout time.Duration) SendOption {
	return func(o *sendOptions) {
		if timeout >= minTimeout {
			o.timeout = min(timeout, maxTimeout)
		}
	}
}

func merged(a, b map[string]string) map[string]string {
	all := make(map[string]string, len(a)+len(b))
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
