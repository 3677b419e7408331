package dlq

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// mostWait is what the server takes of a worker.
const mostWait = 30 * 24 * time.Hour

// frameBytes is what one request takes in a call beside itself.
const frameBytes = 16

// letter is a request on its way, and how many bytes it takes there.
type letter struct {
	request *dlqv1.SendToDlqRequest
	size    int
}

// requestOf fails if the payload can't be put on the wire.
func (c *Client) requestOf(
	ctx context.Context, queue string, value any, cause error, o *sendOptions,
) (*dlqv1.SendToDlqRequest, Payload, error) {
	payload, err := payloadOf(value, o.contentType)
	if err != nil {
		return nil, payload, err
	}
	request := &dlqv1.SendToDlqRequest{
		RequestId:   validText(o.requestID),
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
	if request.RequestId == "" {
		request.RequestId = newUUID()
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
	trace := o.trace
	if trace.Traceparent == "" {
		trace = c.options.currentTrace(ctx)
	}
	request.TraceContext = trace.message()
	setFirstRetry(request, cause, o)
	setReason(request, cause, o)
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

// setReason: an error that says that retrying is of no use goes to quarantine at once.
func setReason(request *dlqv1.SendToDlqRequest, cause error, o *sendOptions) {
	reason := o.reason
	if reason == ReasonUnspecified && isNonRetryable(cause) {
		reason = ReasonPoisonMessage
	}
	if reason == ReasonUnspecified {
		return
	}
	if request.Failure == nil {
		request.Failure = &dlqv1.Failure{}
	}
	request.Failure.Reason = reason
}

// letterOf is called once nothing is added to the request any more.
func letterOf(request *dlqv1.SendToDlqRequest) letter {
	return letter{request: request, size: proto.Size(request) + frameBytes}
}

// sendNumbers counts the sends of one client to each queue, so that the service knows a late repeat.
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

// newUUID is a random one, of version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// validText is what a string of protobuf can hold.
func validText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func validTexts(given map[string]string) map[string]string {
	if len(given) == 0 {
		return nil
	}
	valid := make(map[string]string, len(given))
	for name, value := range given {
		valid[validText(name)] = validText(value)
	}
	return valid
}
