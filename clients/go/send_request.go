package dlq

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// frameBytes is the overhead of one request or outcome in a call.
const frameBytes = 16

// sendRequest is a request that the service has not accepted yet. size is its bytes in a call.
type sendRequest struct {
	request *dlqv1.SendToDlqRequest
	size    int
}

// newSendRequest measures a request, which must not change any more.
func newSendRequest(request *dlqv1.SendToDlqRequest) sendRequest {
	return sendRequest{request: request, size: proto.Size(request) + frameBytes}
}

// buildRequest returns an error if the payload can't be encoded.
func (c *Client) buildRequest(
	queue string, value any, cause error, o *sendOptions,
) (*dlqv1.SendToDlqRequest, Payload, error) {
	payload, err := payloadOf(value, o.contentType)
	if err != nil {
		return nil, payload, err
	}
	request := &dlqv1.SendToDlqRequest{
		RequestId:   cmp.Or(validText(o.requestID), newUUID()),
		Queue:       validText(queue),
		Payload:     payload.message(),
		Attributes:  validTexts(o.attributes),
		SourceId:    validText(o.sourceID),
		DedupKey:    validText(o.dedupKey),
		OrderingKey: validText(o.orderingKey),
		Origin:      c.origin,
		MaxRetries:  o.maxRetries,
		RetryPolicy: proto.CloneOf(o.retryPolicy),
		Priority:    o.priority,
	}

	if cause != nil {
		request.Failure = failureOf(cause, callStack())
	}
	if o.ttl != nil {
		request.Ttl = durationpb.New(*o.ttl)
	}
	if len(o.coordinates) > 0 {
		origin := &dlqv1.Origin{Coordinates: validTexts(o.coordinates)}
		proto.Merge(origin, c.origin)
		request.Origin = origin
	}
	request.TraceContext = o.trace.message()
	setFirstRetry(request, cause, o)
	setReason(request, cause, o)
	if o.fingerprint != "" {
		failureIn(request).Fingerprint = cut(o.fingerprint, maxFingerprintBytes)
	}
	return request, payload, nil
}

func setFirstRetry(request *dlqv1.SendToDlqRequest, cause error, o *sendOptions) {
	if !o.dueTime.IsZero() {
		request.FirstRetry = &dlqv1.SendToDlqRequest_DueTime{DueTime: timestamppb.New(o.dueTime)}
	} else if o.delay != nil {
		request.FirstRetry = &dlqv1.SendToDlqRequest_Delay{Delay: durationpb.New(*o.delay)}
	} else if delay, ok := retryAfterOf(cause); ok {
		request.FirstRetry = &dlqv1.SendToDlqRequest_Delay{Delay: durationpb.New(delay)}
	}
}

// setReason sets the reason, if the options or the error name one. A non-retryable error is a poison message,
// which the service quarantines at once.
func setReason(request *dlqv1.SendToDlqRequest, cause error, o *sendOptions) {
	reason := o.reason
	if reason == ReasonUnspecified && isNonRetryable(cause) {
		reason = ReasonPoisonMessage
	}
	if reason == ReasonUnspecified {
		return
	}
	failureIn(request).Reason = reason
}

// failureIn returns the failure of a request, also of one without an error.
func failureIn(request *dlqv1.SendToDlqRequest) *dlqv1.Failure {
	if request.Failure == nil {
		request.Failure = &dlqv1.Failure{}
	}
	return request.Failure
}

// sendNumbers numbers the sends of a client to each queue, so that the service detects duplicates at any time.
type sendNumbers struct {
	mu       sync.Mutex
	clientID []byte
	latest   map[string]uint64
}

func newSendNumbers() *sendNumbers {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return &sendNumbers{clientID: id, latest: map[string]uint64{}}
}

func (n *sendNumbers) count(request *dlqv1.SendToDlqRequest) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.latest[request.GetQueue()]++
	request.SendNumber = &dlqv1.SendNumber{ClientId: n.clientID, Number: n.latest[request.GetQueue()]}
}

// newUUID returns a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// validText replaces bytes that are not UTF-8, which protobuf does not accept.
func validText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func validTexts(texts map[string]string) map[string]string {
	if len(texts) == 0 {
		return nil
	}
	valid := make(map[string]string, len(texts))
	for name, value := range texts {
		valid[validText(name)] = validText(value)
	}
	return valid
}
