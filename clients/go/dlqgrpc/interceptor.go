// Package dlqgrpc keeps gRPC calls that fail: those that a server was asked, and those that a client makes.
package dlqgrpc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dlq-service/dlq/clients/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ContentType of the payload: the request's bytes. The attribute [MethodAttribute] has the method.
const ContentType = "application/x-protobuf"

// MethodAttribute has the full name of the method, as /package.Service/Method.
const MethodAttribute = "grpc.method"

// mostIdentity is what the service takes as a source id. A longer one is the caller's, and must not cost the message.
const mostIdentity = 256

// ErrKept says of a call that failed that it is in the DLQ, and is made again.
var ErrKept = errors.New("dlqgrpc: the call failed, and is kept")

// UnaryServerInterceptor sends requests to the queue that a handler fails on, for a reason that is not the
// request's, or panics on: that goes on to whoever recovers it. The caller gets the handler's error all the same: gRPC
// has no other word for it. The metadata idempotency-key becomes the source id.
func UnaryServerInterceptor(s dlq.Sender, queue string, opts ...dlq.SendOption) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		keepIt := func(cause error) {
			all := opts
			if id := metadata.ValueFromIncomingContext(ctx, "idempotency-key"); len(id) > 0 && len(strings.ToValidUTF8(id[0], "\uFFFD")) <= mostIdentity {
				all = append([]dlq.SendOption{dlq.WithSourceID(id[0])}, opts...)
			}
			keep(ctx, s, queue, info.FullMethod, request, cause, all)
		}
		defer func() {
			if value := recover(); value != nil {
				keepIt(dlq.NewPanicError(value))
				panic(value)
			}
		}()
		response, err := handler(ctx, request)
		if err != nil && !isOfTheRequest(err) && !isUnwanted(ctx, err) {
			keepIt(err)
		}
		return response, err
	}
}

// UnaryClientInterceptor sends calls to the queue that fail, for a reason that is not the request's. The error is
// then [ErrKept], with that of the call.
func UnaryClientInterceptor(s dlq.Sender, queue string, opts ...dlq.SendOption) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, callOpts ...grpc.CallOption,
	) error {
		err := invoke(ctx, method, request, reply, conn, callOpts...)
		if err == nil || isOfTheRequest(err) || !keep(ctx, s, queue, method, request, err, opts) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
}

// Redo is a worker's handler for what the interceptors have sent: it makes the call again, on a connection that
// must not have the client's interceptor.
func Redo(conn grpc.ClientConnInterface) dlq.Handler {
	return func(ctx context.Context, d *dlq.Delivery) error {
		method := d.Attributes[MethodAttribute]
		if method == "" {
			return dlq.NonRetryable(errors.New("dlqgrpc: the message has no attribute " + MethodAttribute))
		}
		request, reply := raw(d.Payload.Bytes()), raw(nil)
		err := conn.Invoke(ctx, method, &request, &reply, grpc.ForceCodec(rawCodec{}))
		if err != nil && isHopeless(err) {
			return dlq.NonRetryable(err)
		}
		return err
	}
}

func keep(ctx context.Context, s dlq.Sender, queue, method string, request any, cause error, opts []dlq.SendOption) bool {
	message, ok := request.(proto.Message)
	if !ok {
		return false
	}
	payload, err := proto.Marshal(message)
	if err != nil {
		return false
	}
	all := append([]dlq.SendOption{
		dlq.WithContentType(ContentType), dlq.WithAttributes(map[string]string{MethodAttribute: method}),
	}, opts...)
	// The caller may be gone by now; that must not cost the message.
	result, err := s.Send(context.WithoutCancel(ctx), queue, payload, cause, all...)
	return err == nil && result.Kept()
}

// isOfTheRequest: trying it again can't help, or nobody wants it any more.
func isOfTheRequest(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.Canceled:
		return true
	default:
		return false
	}
}

// isHopeless: made again, the call fails again. A token may become right, and a call that was cancelled has said nothing
// of its request, as where its connection was closed.
func isHopeless(err error) bool {
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated, codes.Canceled:
		return false
	default:
		return isOfTheRequest(err)
	}
}

// isUnwanted: its caller has gone, and the handler says so by the context's error itself, which has no status yet.
func isUnwanted(ctx context.Context, err error) bool {
	return errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled)
}

// raw is a message that is not looked into.
type raw []byte

type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*raw), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*raw) = append(raw(nil), data...)
	return nil
}

func (rawCodec) Name() string { return "proto" }
