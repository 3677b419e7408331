// Package dlqgrpc sends failed unary gRPC calls to the DLQ, of servers and of clients, and makes them again. Streams
// are not sent.
package dlqgrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/internal/setup"
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

// ErrKept means that a failed call is in the DLQ and will be made again.
var ErrKept = errors.New("dlqgrpc: the call failed; the DLQ has it")

// UnaryServerInterceptor sends a request to a queue if its handler fails, unless the request itself is the
// reason or the caller cancelled the call, or if the handler panics. A call that ran into the caller's deadline is
// sent. The caller still gets the handler's error, because gRPC has no status for a request that was accepted for
// later. A panic continues. The calls of [Redo] are not sent again: they are messages already.
//
// The metadata idempotency-key becomes the source id, and calls of a method with the same key and request become one
// message. A request that cannot be encoded, such as one that is no protobuf message, is dropped, which the client reports.
// Both interceptors panic if the client is nil, or the queue empty.
func UnaryServerInterceptor(s dlq.Sender, queue string, opts ...dlq.SendOption) grpc.UnaryServerInterceptor {
	setup.Check("dlqgrpc.UnaryServerInterceptor", s, queue)
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		incoming, _ := metadata.FromIncomingContext(ctx)
		if valueOf(incoming, redoKey) != "" {
			return handler(ctx, request)
		}
		sendFailed := func(cause error) {
			if send(ctx, s, queue, info.FullMethod, request, cause, append(identityOf(incoming, info.FullMethod), opts...)) {
				_ = grpc.SetTrailer(ctx, metadata.Pairs(keptKey, "1"))
			}
		}
		defer func() {
			if value := recover(); value != nil {
				sendFailed(dlq.NewPanicError(value))
				panic(value)
			}
		}()
		caller := observe(ctx)
		defer caller.stop()
		response, err := handler(ctx, request)
		if err != nil && !isRequestError(err) && !(isCancellation(err) && caller.hasCancelled()) {
			sendFailed(err)
		}
		return response, err
	}
}

// UnaryClientInterceptor sends failed calls to a queue, unless the request itself is the reason or the program cancelled
// the call. The call then returns [ErrKept], which also wraps its own error. A call that the server's interceptor has
// sent is not sent again. If both use the same queue, that holds without an answer of the server, too.
//
// The metadata idempotency-key has the same meaning as for the server's interceptor.
func UnaryClientInterceptor(s dlq.Sender, queue string, opts ...dlq.SendOption) grpc.UnaryClientInterceptor {
	setup.Check("dlqgrpc.UnaryClientInterceptor", s, queue)
	return func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, callOpts ...grpc.CallOption,
	) error {
		ctx = withIdentity(ctx)
		var trailer metadata.MD
		err := invoke(ctx, method, request, reply, conn, append(slices.Clip(callOpts), grpc.Trailer(&trailer))...)
		isCancelled := isCancellation(err) && errors.Is(ctx.Err(), context.Canceled)
		if err == nil || isRequestError(err) || isCancelled {
			return err
		}
		outgoing, _ := metadata.FromOutgoingContext(ctx)
		if valueOf(trailer, keptKey) == "" &&
			!send(ctx, s, queue, method, request, err, append(identityOf(outgoing, method), opts...)) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrKept, err)
	}
}

// redoTimeout ends the call of a service that hangs: it would hold its lease for ever.
const redoTimeout = 30 * time.Second

// Redo returns a worker's handler that makes the calls of the interceptors again. The connection must not have
// the client interceptor. A call takes at most 30 s, unless its context has a deadline, for instance by a middleware.
func Redo(conn grpc.ClientConnInterface) dlq.Handler {
	return func(ctx context.Context, d *dlq.Delivery) error {
		if _, hasDeadline := ctx.Deadline(); !hasDeadline {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, redoTimeout)
			defer cancel()
		}
		method := d.Attributes[MethodAttribute]
		if method == "" {
			return dlq.NonRetryable(errors.New("dlqgrpc: the message has no attribute " + MethodAttribute))
		}
		ctx = metadata.AppendToOutgoingContext(ctx, redoKey, "1")
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
	ctx = context.WithoutCancel(ctx) // the caller's may have ended
	payload, err := encode(request)
	if err != nil {
		_, _ = s.Send(ctx, queue, unencodable{err}, cause) // which reports a dropped message
		return false
	}
	all := append([]dlq.SendOption{
		dlq.WithContentType(ContentType), dlq.WithAttributes(map[string]string{MethodAttribute: method}),
	}, opts...)
	result, err := s.Send(ctx, queue, payload, cause, all...)
	return err == nil && result.Kept()
}

// encode returns the same bytes for equal requests: both interceptors send the same message.
func encode(request any) ([]byte, error) {
	message, ok := request.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("a request of type %T is no protobuf message", request)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(message)
}

// unencodable is a payload that no client accepts.
type unencodable struct{ err error }

func (u unencodable) MarshalJSON() ([]byte, error) { return nil, u.err }

// isRequestError reports whether the request is the reason of the failure.
func isRequestError(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.Unauthenticated,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return true
	default:
		return false
	}
}

// isPermanent reports whether the call fails at every retry. A token may become valid.
func isPermanent(err error) bool {
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated:
		return false
	default:
		return isRequestError(err)
	}
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
