package dlq_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// scripted is a server on a real connection whose answers to sends are set by the test.
type scripted struct {
	dlqv1.UnimplementedDlqServiceServer
	target string

	mu      sync.Mutex
	answer  func(*dlqv1.SendToDlqRequest) error
	stored  []*dlqv1.SendToDlqRequest
	changed chan struct{} // closed and replaced with each stored send
}

func startScripted(t *testing.T, answer func(*dlqv1.SendToDlqRequest) error, opts ...grpc.ServerOption) *scripted {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{target: listener.Addr().String(), answer: answer, changed: make(chan struct{})}
	server := grpc.NewServer(opts...)
	dlqv1.RegisterDlqServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return s
}

// setAnswer changes the answers. With nil the server stores all sends.
func (s *scripted) setAnswer(answer func(*dlqv1.SendToDlqRequest) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *scripted) SendToDlq(_ context.Context, r *dlqv1.SendToDlqRequest) (*dlqv1.SendToDlqResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		if err := s.answer(r); err != nil {
			return nil, err
		}
	}
	s.stored = append(s.stored, r)
	close(s.changed)
	s.changed = make(chan struct{})
	return &dlqv1.SendToDlqResponse{Id: "1", Queue: r.GetQueue(), State: dlq.StateScheduled}, nil
}

func (s *scripted) SendToDlqBatch(ctx context.Context, r *dlqv1.SendToDlqBatchRequest) (*dlqv1.SendToDlqBatchResponse, error) {
	response := &dlqv1.SendToDlqBatchResponse{}
	for _, one := range r.GetRequests() {
		answer, err := s.SendToDlq(ctx, one)
		if err != nil {
			return nil, err // a proxy answers for the whole call
		}
		response.Results = append(response.Results, &dlqv1.SendToDlqBatchResult{
			Outcome: &dlqv1.SendToDlqBatchResult_Response{Response: answer},
		})
	}
	return response, nil
}

// waitFor waits for that many stored sends and returns them.
func (s *scripted) waitFor(t *testing.T, count int) []*dlqv1.SendToDlqRequest {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		stored, changed := s.stored, s.changed
		s.mu.Unlock()
		if len(stored) >= count {
			return stored
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("%d of %d sends were stored", len(stored), count)
		}
	}
}

func always(err error) func(*dlqv1.SendToDlqRequest) error {
	return func(*dlqv1.SendToDlqRequest) error { return err }
}

var unavailable = always(status.Error(codes.Unavailable, "the store is down"))

// serviceError returns an error with details, as the service's own errors have them.
func serviceError(code codes.Code, reason string) error {
	st, err := status.New(code, "no").WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "dlq"})
	if err != nil {
		panic(err)
	}
	return st.Err()
}

// spoolingClient stores messages in a folder of the test if they can't be sent within 100 ms.
func spoolingClient(t *testing.T, target string, opts ...dlq.Option) *dlq.Client {
	t.Helper()
	all := append([]dlq.Option{
		dlq.WithSpool(dlq.Spool{Folder: t.TempDir()}), dlq.WithSendTimeout(100 * time.Millisecond),
	}, opts...)
	client, err := dlq.New(target, all...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = client.Close(ctx)
	})
	return client
}

// spooled sends a message and fails unless it goes to the spool.
func spooled(t *testing.T, client *dlq.Client, payload any) {
	t.Helper()
	result, err := client.Send(t.Context(), "orders", payload, nil)
	if err != nil || result.Status != dlq.StatusSpooled {
		t.Fatalf("got %+v, %v", result, err)
	}
}

// startSilent starts a server that accepts connections and sends nothing.
func startSilent(t *testing.T) (target string) {
	t.Helper()
	return startAccepting(t, func(conn net.Conn) {
		t.Cleanup(func() { _ = conn.Close() })
	})
}

// startAccepting starts a server that accepts connections and calls a function with each.
func startAccepting(t *testing.T, accepted func(net.Conn)) (target string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted(conn)
		}
	}()
	return listener.Addr().String()
}

func noLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
