package dlqgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqgrpc"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// waiting waits for the end of each call.
type waiting struct {
	dlqv1.UnimplementedDlqServiceServer
	begun chan struct{}
}

func (w *waiting) Stats(ctx context.Context, _ *dlqv1.StatsRequest) (*dlqv1.StatsResponse, error) {
	w.begun <- struct{}{}
	<-ctx.Done()
	return nil, fmt.Errorf("query: %w", ctx.Err())
}

// serveObserved also returns a channel with the end of each call, after the interceptor.
func serveObserved(t *testing.T, s dlqv1.DlqServiceServer, interceptor grpc.UnaryServerInterceptor) (string, <-chan struct{}) {
	t.Helper()
	ended := make(chan struct{}, 200)
	observe := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		defer func() { ended <- struct{}{} }()
		return handler(ctx, request)
	}
	return serve(t, s, grpc.ChainUnaryInterceptor(observe, interceptor)), ended
}

// The server detects the end of such a call by its own timer or by the caller's cancellation, whichever is first.
func TestCallsThatRanIntoDeadlineAreSent(t *testing.T) {
	const calls = 100
	fake := dlqtest.NewFake(t)
	interceptor := dlqgrpc.UnaryServerInterceptor(fake.Client(), "calls")
	target, ended := serveObserved(t, &waiting{begun: make(chan struct{}, calls)}, interceptor)
	conn := dial(t, target)
	var all sync.WaitGroup
	for i := range calls {
		all.Add(1)
		go func() {
			defer all.Done()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := dlqv1.NewDlqServiceClient(conn).Stats(ctx, &dlqv1.StatsRequest{Queues: []string{strconv.Itoa(i)}})
			if status.Code(err) != codes.DeadlineExceeded {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	for range calls {
		<-ended
	}
	if sent := len(fake.Messages("calls")); sent != calls {
		t.Errorf("sent %d of %d", sent, calls)
	}
}

func TestCallsThatCallerCancelledAreNotSent(t *testing.T) {
	for name, timeout := range map[string]time.Duration{"without a deadline": 0, "before the deadline": time.Hour} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client()
			service := &waiting{begun: make(chan struct{}, 1)}
			target, ended := serveObserved(t, service, dlqgrpc.UnaryServerInterceptor(client, "calls"))
			conn := dial(t, target, grpc.WithUnaryInterceptor(dlqgrpc.UnaryClientInterceptor(client, "calls")))
			ctx, cancel := context.WithCancel(t.Context())
			if timeout > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), timeout)
			}
			defer cancel()
			go func() {
				<-service.begun
				cancel()
			}()
			_, err := dlqv1.NewDlqServiceClient(conn).Stats(ctx, &dlqv1.StatsRequest{})
			<-ended
			if sent := fake.Messages("calls"); status.Code(err) != codes.Canceled || errors.Is(err, dlqgrpc.ErrKept) || len(sent) != 0 {
				t.Errorf("got %v, sent %v", err, sent)
			}
		})
	}
}

// A handler that cancels its own work fails like any other.
func TestCallThatHandlerCancelledIsSent(t *testing.T) {
	for _, cause := range []error{context.Canceled, status.Error(codes.Canceled, "the bank is closing")} {
		fake := dlqtest.NewFake(t)
		failing := func(context.Context, any) (any, error) { return nil, cause }
		_, _ = dlqgrpc.UnaryServerInterceptor(fake.Client(), "calls")(t.Context(), &dlqv1.StatsRequest{}, info, failing)
		if sent := fake.Messages("calls"); len(sent) != 1 {
			t.Errorf("%v: sent %v", cause, sent)
		}
	}
}

var info = &grpc.UnaryServerInfo{FullMethod: "/shop.Shop/Stats"}

func TestBothInterceptorsSendFailureOnce(t *testing.T) {
	for name, service := range map[string]dlqv1.DlqServiceServer{
		"an error": &refusing{code: codes.Internal}, "a deadline": &waiting{begun: make(chan struct{}, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client()
			target, ended := serveObserved(t, service, dlqgrpc.UnaryServerInterceptor(client, "calls"))
			conn := dial(t, target, grpc.WithUnaryInterceptor(dlqgrpc.UnaryClientInterceptor(client, "calls")))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := dlqv1.NewDlqServiceClient(conn).Stats(ctx, &dlqv1.StatsRequest{Queues: []string{"q"}})
			<-ended
			if sent := fake.Messages("calls"); !errors.Is(err, dlqgrpc.ErrKept) || len(sent) != 1 {
				t.Errorf("got %v, sent %v", err, sent)
			}
		})
	}
}

func TestServerThatKeptCallInAnotherQueueIsEnough(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	target := serve(t, &refusing{code: codes.Internal}, grpc.UnaryInterceptor(dlqgrpc.UnaryServerInterceptor(client, "server")))
	conn := dial(t, target, grpc.WithUnaryInterceptor(dlqgrpc.UnaryClientInterceptor(client, "client")))
	_, err := dlqv1.NewDlqServiceClient(conn).Stats(t.Context(), &dlqv1.StatsRequest{})
	if !errors.Is(err, dlqgrpc.ErrKept) || len(fake.Messages("server")) != 1 || len(fake.Messages("client")) != 0 {
		t.Errorf("got %v, sent %v", err, fake.Messages("client"))
	}
}

func TestRetriedCallWithIdempotencyKeyIsOneMessage(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	target := serve(t, &refusing{code: codes.Unavailable}, grpc.UnaryInterceptor(dlqgrpc.UnaryServerInterceptor(client, "calls")))
	plain := dial(t, target)
	intercepted := dial(t, target, grpc.WithUnaryInterceptor(dlqgrpc.UnaryClientInterceptor(client, "calls")))
	for _, key := range []string{"order-1", "order-2"} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key)
		for _, conn := range []*grpc.ClientConn{plain, intercepted, plain} {
			if _, err := dlqv1.NewDlqServiceClient(conn).Stats(ctx, &dlqv1.StatsRequest{}); status.Code(err) != codes.Unavailable {
				t.Error(err)
			}
		}
	}
	if sent := fake.Messages("calls"); len(sent) != 2 || sent[0].GetSourceId() != "order-1" {
		t.Errorf("sent %v", sent)
	}
	// Calls without a key are different calls.
	for range 2 {
		if _, err := dlqv1.NewDlqServiceClient(intercepted).Stats(t.Context(), &dlqv1.StatsRequest{}); !errors.Is(err, dlqgrpc.ErrKept) {
			t.Error(err)
		}
	}
	if sent := fake.Messages("calls"); len(sent) != 4 {
		t.Errorf("sent %v", sent)
	}
}

// deadlineConn records how long its calls may take; 0 without a deadline.
type deadlineConn struct {
	grpc.ClientConnInterface
	left time.Duration
}

func (c *deadlineConn) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	if deadline, ok := ctx.Deadline(); ok {
		c.left = time.Until(deadline)
	}
	return nil
}

func TestRedoEndsCallWithoutDeadlineAfter30Seconds(t *testing.T) {
	anHour, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for _, c := range []struct {
		ctx  context.Context
		want time.Duration
	}{{t.Context(), 30 * time.Second}, {anHour, time.Hour}} {
		conn := &deadlineConn{}
		d := &dlq.Delivery{Attributes: map[string]string{dlqgrpc.MethodAttribute: "/dlq.v1.DlqService/Stats"}}
		if err := dlqgrpc.Redo(conn)(c.ctx, d); err != nil || conn.left > c.want || conn.left < c.want-20*time.Second {
			t.Errorf("%v left, %v", conn.left, err)
		}
	}
}

func TestCallOfRedoIsNotSentAgain(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	target := serve(t, &refusing{code: codes.Unavailable}, grpc.UnaryInterceptor(dlqgrpc.UnaryServerInterceptor(client, "calls")))
	conn := dial(t, target)
	d := &dlq.Delivery{Attributes: map[string]string{dlqgrpc.MethodAttribute: "/dlq.v1.DlqService/Stats"}}
	if err := dlqgrpc.Redo(conn)(t.Context(), d); status.Code(err) != codes.Unavailable || len(fake.Messages("calls")) != 0 {
		t.Errorf("got %v, sent %v", err, fake.Messages("calls"))
	}
}
