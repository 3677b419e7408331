package dlq

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// isWorthAgain says whether it makes sense, and is safe, to make the same call again under its request
// id. The server's own errors always carry details; without them an INTERNAL or CANCELLED is a connection
// that ended, as it does while a server stops.
func isWorthAgain(err error) bool {
	told := status.Convert(err)
	switch told.Code() {
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded: // of one try; the send has its own
		return true
	case codes.ResourceExhausted: // without details it is HTTP/2's ENHANCE_YOUR_CALM
		return len(told.Proto().GetDetails()) == 0 || hasRetryInfo(told)
	case codes.Internal, codes.Unknown, codes.Canceled:
		return len(told.Proto().GetDetails()) == 0 && !cannotBeWritten(told) && !isTooLargeOnTheWay(told)
	default:
		return false
	}
}

// isAnswer says whether a failed call was answered by a service that is there.
func isAnswer(err error) bool {
	return !isWorthAgain(err) || status.Code(err) == codes.ResourceExhausted
}

// cannotBeWritten: the request has a value that protobuf does not take, and no byte of it went out.
func cannotBeWritten(told *status.Status) bool {
	return told.Code() == codes.Internal && strings.Contains(told.Message(), "while marshaling")
}

// isTooLargeOnTheWay: HTTP 413, by a proxy that takes no call of that size, as nginx by default of more than
// 1 MiB. A smaller one may pass. Only the words have the number.
func isTooLargeOnTheWay(told *status.Status) bool {
	return told.Code() == codes.Unknown && len(told.Proto().GetDetails()) == 0 && strings.Contains(told.Message(), " 413 ")
}

func hasRetryInfo(told *status.Status) bool {
	for _, detail := range told.Details() {
		if _, ok := detail.(*errdetails.RetryInfo); ok {
			return true
		}
	}
	return false
}

// reasonOf is the stable name that a server gives to its error; empty where it gave none.
func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// notTaken: by these statuses a server says that it did not take a call.
func notTaken(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.ResourceExhausted,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.Unauthenticated:
		return true
	default:
		return false
	}
}

// isForGood: no later try can help. The service's own errors always carry details: without them, a proxy may
// have spoken. A token may become right, and a full queue get room.
func isForGood(err error) bool {
	told := status.Convert(err)
	if cannotBeWritten(told) {
		return true
	}
	if len(told.Proto().GetDetails()) == 0 {
		return false
	}
	switch told.Code() {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return true
	case codes.ResourceExhausted:
		return reasonOf(err) == "TOO_LARGE"
	default:
		return false
	}
}

// refusalOf is the error of a call that a server's word has ended. An earlier try may have had its effect,
// of which this refusal says nothing.
func refusalOf(err error, wasMaybeStored bool) *Error {
	told := status.Convert(err)
	kind, words := ErrRefused, told.Message()
	isLocal, isTooLarge := cannotBeWritten(told), isTooLargeOnTheWay(told)
	switch {
	case isTooLarge:
		words += "; a proxy on the way takes no call of that size: raise its limit"
	case isLocal:
		kind = ErrInvalid
	case told.Code() == codes.Unauthenticated:
		kind = ErrUnauthenticated
		words += "; give the client a token that the server knows, by WithToken"
	case told.Code() == codes.PermissionDenied:
		kind = ErrUnauthenticated
	case told.Code() == codes.Unimplemented || told.Code() == codes.NotFound:
		words += "; is the target the gRPC address of a DLQ server (port 50051 by default)?"
	}
	refusal := newError(kind, words, err)
	refusal.Code = told.Code()
	refusal.MaybeStored = wasMaybeStored || !isLocal && !isTooLarge && !notTaken(told.Code())
	return refusal
}

// wordsOf is without the code, which has a field of its own.
func wordsOf(err error) string {
	if told, ok := status.FromError(err); ok {
		return told.Message()
	}
	return err.Error()
}

// isSilent: the call was not answered in time, by nobody's word.
func isSilent(err error) bool {
	told := status.Convert(err)
	return told.Code() == codes.DeadlineExceeded && len(told.Proto().GetDetails()) == 0
}

// contextError is what ended a caller's wait; lastErr is why the latest try had failed, if one had.
func contextError(ctx context.Context, lastErr error, maybeStored bool) *Error {
	kind := ErrAborted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = ErrDeadline
	}
	words := "the context of this send ended: " + context.Cause(ctx).Error()
	if lastErr != nil {
		words += "; the server had not taken it: " + wordsOf(lastErr)
	}
	err := newError(kind, words, context.Cause(ctx))
	err.MaybeStored = maybeStored
	if lastErr != nil {
		err.Code = status.Code(lastErr)
	}
	return err
}
