package dlqgrpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqgrpc"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// shop is a service whose first call fails. It uses the generated types of the DLQ service.
type shop struct {
	dlqv1.UnimplementedDlqServiceServer
	calls atomic.Int32
}

func (s *shop) Stats(_ context.Context, r *dlqv1.StatsRequest) (*dlqv1.StatsResponse, error) {
	if s.calls.Add(1) == 1 {
		return nil, status.Error(codes.Internal, "no bank")
	}
	if len(r.GetQueues()) != 1 || r.GetQueues()[0] != "q" {
		return nil, status.Error(codes.InvalidArgument, "not the sent request")
	}
	return &dlqv1.StatsResponse{}, nil
}

func serve(t *testing.T, s dlqv1.DlqServiceServer, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(opts...)
	dlqv1.RegisterDlqServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func dial(t *testing.T, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func redo(t *testing.T, fake *dlqtest.Fake, client *dlq.Client, conn *grpc.ClientConn) {
	t.Helper()
	worker := client.Worker([]string{"calls"})
	done := make(chan error, 1)
	go func() { done <- worker.Run(context.Background(), dlqgrpc.Redo(conn)) }()
	fake.WaitFor("calls", dlq.StateSucceeded)
	if err := errors.Join(worker.Shutdown(t.Context()), <-done); err != nil {
		t.Error(err)
	}
}

func TestFailedCallIsMadeAgain(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	target := serve(t, &shop{})
	conn := dial(t, target, grpc.WithUnaryInterceptor(dlqgrpc.UnaryClientInterceptor(client, "calls")))
	_, err := dlqv1.NewDlqServiceClient(conn).Stats(t.Context(), &dlqv1.StatsRequest{Queues: []string{"q"}})
	if !errors.Is(err, dlqgrpc.ErrKept) || status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
	if failure := fake.Messages("calls")[0].GetFailure(); failure.GetGrpcCode() != int32(codes.Internal) {
		t.Errorf("got %v", failure)
	}
	redo(t, fake, client, dial(t, target))
}

func TestRequestOfFailedHandlerIsSent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	target := serve(t, &shop{}, grpc.UnaryInterceptor(dlqgrpc.UnaryServerInterceptor(client, "calls")))
	_, err := dlqv1.NewDlqServiceClient(dial(t, target)).Stats(t.Context(), &dlqv1.StatsRequest{Queues: []string{"q"}})
	if status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
	redo(t, fake, client, dial(t, target))
}

func TestRequestOfPanickingHandlerIsSent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	interceptor := dlqgrpc.UnaryServerInterceptor(fake.Client(), "calls")
	panicking := func(context.Context, any) (any, error) { panic("oh") }
	defer func() {
		if value := recover(); value != "oh" {
			t.Errorf("recovered %v", value)
		}
		failure := fake.Messages("calls")[0].GetFailure()
		if failure.GetMessage() != "panic: oh" || !strings.Contains(failure.GetStackTrace(), "TestRequestOfPanickingHandler") {
			t.Errorf("got %v", failure)
		}
	}()
	_, _ = interceptor(t.Context(), &dlqv1.StatsRequest{}, &grpc.UnaryServerInfo{FullMethod: "/shop.Shop/Stats"}, panicking)
}

// refusing answers each call with a status.
type refusing struct {
	dlqv1.UnimplementedDlqServiceServer
	code codes.Code
}

func (r *refusing) Stats(context.Context, *dlqv1.StatsRequest) (*dlqv1.StatsResponse, error) {
	return nil, status.Error(r.code, "no")
}

func TestRedoQuarantinesPermanentFailuresOnly(t *testing.T) {
	for code, isPermanent := range map[codes.Code]bool{
		codes.InvalidArgument: true, codes.NotFound: true,
		codes.Unauthenticated: false, codes.PermissionDenied: false, codes.Unavailable: false, codes.Canceled: false,
	} {
		conn := dial(t, serve(t, &refusing{code: code}))
		d := &dlq.Delivery{Attributes: map[string]string{dlqgrpc.MethodAttribute: "/dlq.v1.DlqService/Stats"}}
		err := dlqgrpc.Redo(conn)(t.Context(), d)
		var nonRetryable interface{ NonRetryable() bool }
		if status.Code(err) != code || errors.As(err, &nonRetryable) != isPermanent {
			t.Errorf("%v: got %#v", code, err)
		}
	}
}

func TestTooLongIdempotencyKeyIsIgnored(t *testing.T) {
	fake := dlqtest.NewFake(t)
	interceptor := dlqgrpc.UnaryServerInterceptor(fake.Client(), "calls")
	failing := func(context.Context, any) (any, error) { return nil, errors.New("no bank") }
	for _, key := range []string{"order-42", strings.Repeat("k", 257), strings.Repeat("k\xff", 128)} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("idempotency-key", key))
		_, _ = interceptor(ctx, &dlqv1.StatsRequest{}, &grpc.UnaryServerInfo{FullMethod: "/shop.Shop/Stats"}, failing)
	}
	sent := fake.Messages("calls")
	if len(sent) != 3 || sent[0].GetSourceId() != "order-42" || sent[1].GetSourceId() != "" || sent[2].GetSourceId() != "" {
		t.Errorf("got %v", sent)
	}
}

func TestRequestThatCannotBeEncodedIsReportedOnceAsDropped(t *testing.T) {
	cause := status.Error(codes.Internal, "no bank")
	intercept := map[string]func(client *dlq.Client, request any) error{
		"server": func(client *dlq.Client, request any) error {
			_, err := dlqgrpc.UnaryServerInterceptor(client, "calls")(t.Context(), request, info,
				func(context.Context, any) (any, error) { return nil, cause })
			return err
		},
		"client": func(client *dlq.Client, request any) error {
			return dlqgrpc.UnaryClientInterceptor(client, "calls")(t.Context(), info.FullMethod, request, nil, nil,
				func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return cause })
		},
	}
	for what, request := range map[string]any{
		"invalid UTF-8": &dlqv1.StatsRequest{Queues: []string{"\xff"}}, "of type string": "no message",
	} {
		for side, call := range intercept {
			t.Run(side+" "+what, func(t *testing.T) {
				var log bytes.Buffer
				fake := dlqtest.NewFake(t)
				client := fake.Client(dlq.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
				if err := call(client, request); !errors.Is(err, cause) || errors.Is(err, dlqgrpc.ErrKept) {
					t.Errorf("got %v", err)
				}
				text := log.String()
				if strings.Count(text, "dropped a message") != 1 || !strings.Contains(text, what) || len(fake.Messages("calls")) != 0 {
					t.Errorf("logged %q, sent %v", text, fake.Messages("calls"))
				}
			})
		}
	}
}

func TestInterceptorsWithoutClientOrQueuePanicAtSetUp(t *testing.T) {
	var missing *dlq.Client
	client := dlqtest.NewFake(t).Client()
	for want, setUp := range map[string]func(){
		"dlq: the client of dlqgrpc.UnaryServerInterceptor is nil":  func() { dlqgrpc.UnaryServerInterceptor(missing, "orders") },
		"dlq: the queue of dlqgrpc.UnaryClientInterceptor is empty": func() { dlqgrpc.UnaryClientInterceptor(client, "") },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got %v instead of %s", got, want)
				}
			}()
			setUp()
		}()
	}
}
