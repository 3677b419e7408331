// Package dlqgrpc sends failed gRPC calls to the DLQ, of servers and of clients, and makes them again.
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

// ContentType is the content type of a payload, which is an encoded request.
const ContentType = "application/x-protobuf"

// MethodAttribute is the attribute with the full name of the method: /package.Service/Method.
const MethodAttribute = "grpc.method"

// maxSourceID is the service's limit. A longer idempotency key is ignored, so that the message is not refused.
const maxSourceID = 256

// ErrKept means that a failed call is in the DLQ and will be made again.
var ErrKept = errors.New("dlqgrpc: the call failed; the DLQ has it")

// UnaryServerInterceptor sends a request to a queue if its handler fails, unless the request itself is the
// reason, or if the handler panics. The caller still gets the handler's error, because gRPC has no status for a
// request that was accepted for later. A panic continues. The metadata idempotency-key becomes the source id.
func UnaryServerInterceptor(s dlq.Sender, queue string, opts ...dlq.SendOption) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		sendFailed := func(cause error) {
			all := opts
			if id := metadata.ValueFromIncomingContext(ctx, "idempotency-key"); len(id) > 0 && len(strings.ToValidUTF8(id[0], "\uFFFD")) <= maxSourceID {
				all = append([]dlq.SendOption{dlq.WithSourceID(id[0])}, opts...)
			}
			send(ctx, s, queue, info.FullMethod, request, cause, all)
		}
		defer func() {
			if value := recover(); value != nil {
				sendFailed(dlq.NewPanicError(value))
				panic(value)
			}
		}()
		response, err := handler(ctx, request)
		if err != nil && !isRequestError(err) && !isCancelledByCaller(ctx, err) {
			sendFailed(err)
		}
		return response, err
	}
}

// UnaryClientInterceptor sends failed calls to a queue, unless the request itself is the reason. The call then
// returns [ErrKept], which also wraps its own error.
func UnaryClientInterceptor(s dlq.Sender, queue string, opts ...dlq.SendOption) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, callOpts ...grpc.CallOption,
	) error {
		err := invoke(ctx, method, request, reply, conn, callOpts...)
		if err == nil || isRequestError(err) || !send(ctx, s, queue, method, request, err, opts) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
}

// Redo returns a worker's handler that makes the calls of the interceptors again. The connection must not have
// the client interceptor.
func Redo(conn grpc.ClientConnInterface) dlq.Handler {
	return func(ctx context.Context, d *dlq.Delivery) error {
		method := d.Attributes[MethodAttribute]
		if method == "" {
			return dlq.NonRetryable(errors.New("dlqgrpc: the message has no attribute " + MethodAttribute))
		}
		request, reply := raw(d.Payload.Bytes()), raw(nil)
		err := conn.Invoke(ctx, method, &request, &reply, grpc.ForceCodec(rawCodec{}))
		if err != nil && isPermanent(err) {
			return dlq.NonRetryable(err)
		}
		return err
	}
}

// send reports whether the message is kept.
func send(ctx context.Context, s dlq.Sender, queue, method string, request any, cause error, opts []dlq.SendOption) bool {
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
	// The caller's context may have ended.
	result, err := s.Send(context.WithoutCancel(ctx), queue, payload, cause, all...)
	return err == nil && result.Kept()
}

// isRequestError reports whether the request is the reason of the failure, or was cancelled.
func isRequestError(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.Canceled:
		return true
	default:
		return false
	}
}

// isPermanent reports whether the call fails at every retry. A token may become valid, and a cancelled call says
// nothing about its request.
func isPermanent(err error) bool {
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated, codes.Canceled:
		return false
	default:
		return isRequestError(err)
	}
}

// isCancelledByCaller reports whether a handler returned the error of a context that its caller cancelled. Such
// an error has no gRPC status yet.
func isCancelledByCaller(ctx context.Context, err error) bool {
	return errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled)
}

// raw is an encoded message.
type raw []byte

type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*raw), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*raw) = append(raw(nil), data...)
	return nil
}

func (rawCodec) Name() string { return "proto" }
