package dlq_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// waitTime ends a test that hangs.
const waitTime = 30 * time.Second

// watchServer is a server on a real connection whose events are sent by the test.
type watchServer struct {
	*scripted
	calls  chan *watchCall
	lastID atomic.Int32
	began  time.Time
}

// watchCall is a WatchEvents call. It ends with the error of end.
type watchCall struct {
	request   *dlqv1.WatchEventsRequest
	responses chan *dlqv1.WatchEventsResponse
	end       chan error
	ended     <-chan struct{} // by the client
}

func startWatchServer(t *testing.T) *watchServer {
	t.Helper()
	s := &watchServer{calls: make(chan *watchCall, 10), began: time.Now().Truncate(time.Millisecond)}
	s.scripted = startScripted(t, nil, grpc.UnaryInterceptor(s.withUUID), grpc.StreamInterceptor(s.watch))
	return s
}

// withUUID gives messages ids of the service, with a time 1 min before the start of the test.
func (s *watchServer) withUUID(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	answer, err := next(ctx, request)
	give := func(r *dlqv1.SendToDlqResponse) {
		ms := fmt.Sprintf("%012x", s.acceptTime().UnixMilli())
		r.Id = fmt.Sprintf("%s-%s-7000-8000-%012d", ms[:8], ms[8:], s.lastID.Add(1))
	}
	switch response := answer.(type) {
	case *dlqv1.SendToDlqResponse:
		give(response)
	case *dlqv1.SendToDlqBatchResponse:
		for _, result := range response.GetResults() {
			give(result.GetResponse())
		}
	}
	return answer, err
}

func (s *watchServer) acceptTime() time.Time { return s.began.Add(-time.Minute) }

func (s *watchServer) watch(_ any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
	request := &dlqv1.WatchEventsRequest{}
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	call := &watchCall{request, make(chan *dlqv1.WatchEventsResponse), make(chan error), stream.Context().Done()}
	s.calls <- call
	for {
		select {
		case response := <-call.responses:
			if err := stream.SendMsg(response); err != nil {
				return err
			}
		case err := <-call.end:
			return err
		case <-call.ended:
			return nil
		}
	}
}

// nextCall waits for the next WatchEvents call.
func (s *watchServer) nextCall(t *testing.T) *watchCall { return receive(t, s.calls, "call") }

func (c *watchCall) send(events ...*dlqv1.Event) {
	c.responses <- &dlqv1.WatchEventsResponse{Events: events}
}

func (c *watchCall) sendToken(token string) {
	c.responses <- &dlqv1.WatchEventsResponse{ResumeToken: token}
}

// receive waits for the next value of a channel.
func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(waitTime):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

// event returns an event of a message in the queue orders.
func event(id string, eventType dlqv1.EventType, messageID string) *dlqv1.Event {
	return &dlqv1.Event{
		Id: id, Type: eventType, Queue: "orders", MessageId: messageID, State: dlq.StateScheduled, Time: timestamppb.Now(),
	}
}

func failedEvent(id, messageID string) *dlqv1.Event {
	return event(id, dlqv1.EventType_EVENT_TYPE_RETRY_FAILED, messageID)
}

func succeededEvent(id, messageID string) *dlqv1.Event {
	e := event(id, dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS, messageID)
	e.State = dlq.StateSucceeded
	return e
}

// watchLog collects the lines of a client's log.
type watchLog struct{ lines chan string }

func newWatchLog() watchLog { return watchLog{make(chan string, 100)} }

func (l watchLog) option() dlq.Option {
	return dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) { l.lines <- string(line) }), nil)))
}

// expect waits for a line, and fails if it is another one.
func (l watchLog) expect(t *testing.T, text string) {
	t.Helper()
	if line := receive(t, l.lines, "log line"); !strings.Contains(line, text) {
		t.Errorf("logged %s", line)
	}
}

func (l watchLog) expectNoMore(t *testing.T) {
	t.Helper()
	if len(l.lines) > 0 {
		t.Errorf("logged %s", <-l.lines)
	}
}
