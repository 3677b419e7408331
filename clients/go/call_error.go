package dlq

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// isRetryable reports whether the same call may be made again at once under its request id. The service's own
// errors always carry details; INTERNAL or CANCELLED without details is a connection that ended, such as of a
// server that stops.
func isRetryable(err error) bool {
	st := status.Convert(err)
	switch st.Code() {
	case codes.Unavailable, codes.Aborted, codes.DeadlineExceeded:
		return true
	case codes.ResourceExhausted: // without details it is HTTP/2's ENHANCE_YOUR_CALM
		return !hasDetails(st) || hasRetryInfo(st)
	case codes.Internal, codes.Unknown, codes.Canceled:
		return !hasDetails(st) && !isUnencodable(st) && !isTooLargeForProxy(st)
	default:
		return false
	}
}

func hasDetails(st *status.Status) bool { return len(st.Proto().GetDetails()) > 0 }

func hasRetryInfo(st *status.Status) bool {
	for _, detail := range st.Details() {
		if _, ok := detail.(*errdetails.RetryInfo); ok {
			return true
		}
	}
	return false
}

// isAnswer reports whether the error is an answer of a reachable service.
func isAnswer(err error) bool {
	return !isRetryable(err) || status.Code(err) == codes.ResourceExhausted
}

// isUnanswered reports whether a call got no answer within its deadline.
func isUnanswered(err error) bool {
	st := status.Convert(err)
	return st.Code() == codes.DeadlineExceeded && !hasDetails(st)
}

// isUnencodable reports whether protobuf could not encode the request, so that nothing was sent.
func isUnencodable(st *status.Status) bool {
	return st.Code() == codes.Internal && strings.Contains(st.Message(), "while marshaling")
}

// isTooLargeForProxy reports an HTTP 413 of a proxy, such as of nginx beyond 1 MiB. A smaller call may pass.
// Only the text of the error has the HTTP status.
func isTooLargeForProxy(st *status.Status) bool {
	return st.Code() == codes.Unknown && !hasDetails(st) && strings.Contains(st.Message(), " 413 ")
}

// mayFitInHalves reports whether a batch was refused as a whole, while most of its messages may be fine.
func mayFitInHalves(err error) bool {
	st := status.Convert(err)
	return st.Code() == codes.InvalidArgument || st.Code() == codes.ResourceExhausted ||
		isUnencodable(st) || isTooLargeForProxy(st)
}

// isPermanent reports whether no later try can succeed. An error without details may be of a proxy, a token may
// become valid, and a full queue may get room: these are not permanent.
func isPermanent(err error) bool {
	st := status.Convert(err)
	if isUnencodable(st) {
		return true
	}
	if !hasDetails(st) {
		return false
	}
	switch st.Code() {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return true
	case codes.ResourceExhausted:
		return reasonOf(st) == "TOO_LARGE"
	default:
		return false
	}
}

// reasonOf returns the reason in the ErrorInfo of a server's error, or "".
func reasonOf(st *status.Status) string {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// provesNotStored reports whether a server with this answer has surely not stored the message.
func provesNotStored(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.PermissionDenied, codes.ResourceExhausted,
		codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented, codes.Unauthenticated:
		return true
	default:
		return false
	}
}

// refusalOf returns the error of a refused call. wasMaybeStored is that of earlier tries.
func refusalOf(err error, wasMaybeStored bool) *Error {
	st := status.Convert(err)
	kind, text := ErrRefused, oneLine(st.Message())
	isLocal, isTooLarge := isUnencodable(st), isTooLargeForProxy(st)
	switch {
	case isTooLarge:
		text += "; a proxy does not accept calls of this size: raise its limit"
	case isLocal:
		kind = ErrInvalid
	case st.Code() == codes.Unauthenticated:
		kind = ErrUnauthenticated
		text += "; configure a valid token by WithToken"
	case st.Code() == codes.PermissionDenied:
		kind = ErrUnauthenticated
	case st.Code() == codes.Unimplemented || st.Code() == codes.NotFound:
		text += "; is the target the gRPC address of a DLQ server (port 50051 by default)?"
	}
	refusal := newError(kind, text, err)
	refusal.Code = st.Code()
	refusal.MaybeStored = wasMaybeStored || !isLocal && !isTooLarge && !provesNotStored(st.Code())
	return refusal
}

// transportError matches what gRPC says around the cause of a failed connection.
var transportError = regexp.MustCompile(`^connection error: desc = "(?:transport: )?(?:Error while dialing: )?(.*)"$`)

// messageOf returns the text of an error in one line, without its gRPC code, and with advice about the target.
func messageOf(err error) string {
	text := err.Error()
	if st, ok := status.FromError(err); ok {
		text = transportError.ReplaceAllString(oneLine(st.Message()), "$1")
	}
	if isUnanswered(err) && strings.Contains(text, context.DeadlineExceeded.Error()) {
		text = "no answer in time"
	}
	return oneLine(text) + adviceFor(text)
}

// reasonFor returns why a call failed that is tried again, for the log.
func reasonFor(err error) string {
	if isRetryable(err) {
		return messageOf(err)
	}
	return refusalOf(err, true).text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func adviceFor(text string) string {
	switch {
	case strings.Contains(text, "produced zero addresses"):
		return "; the host name of the target is unknown"
	case strings.Contains(text, "first record does not look like a TLS handshake"):
		return "; if the server has no TLS, use a target with http://"
	case strings.Contains(text, "reading server preface"):
		return "; if the server has TLS, use a target with https://"
	case strings.Contains(text, "signed by unknown authority"):
		return "; give the server's authority by WithTLS"
	default:
		return ""
	}
}

// Errors of dropped sends. lastErr is the error of the latest try, or nil.

func dropError(kind Kind, text string, lastErr error, maybeStored bool) *Error {
	err := newError(kind, text, lastErr)
	err.MaybeStored = maybeStored
	if lastErr != nil {
		err.Code = status.Code(lastErr)
	}
	return err
}

func bufferFullError(p *PendingSend, bounds Coalescing) *Error {
	if p.size > bounds.MaxPendingBytes {
		return newError(ErrBufferFull, "the message has "+strconv.Itoa(p.size)+" bytes, and at most "+
			strconv.Itoa(bounds.MaxPendingBytes)+" may be pending; store large content elsewhere, or raise MaxPendingBytes of Coalescing", nil)
	}
	return newError(ErrBufferFull, strconv.Itoa(p.pendingBefore)+
		" sends are pending already; send less at once, or raise the bounds of Coalescing", nil)
}

func deadlineError(lastErr error, maybeStored bool) *Error {
	reason := errNoAnswer
	if lastErr != nil {
		reason = lastErr
	}
	return dropError(ErrDeadline, "not sent in time: "+messageOf(reason)+
		"; is the server at the target up? Store the message elsewhere, or raise WithTimeout", lastErr, maybeStored)
}

func notSpooledError(result spool.Result, lastErr error, maybeStored bool) *Error {
	kind, text := ErrSpoolFull, "the spool has no room; is the server at the target up? Otherwise raise the spool's MaxBytes"
	if lastErr != nil {
		text = "the spool has no room, and the message was not sent: " + messageOf(lastErr) + "; fix that, or raise the spool's MaxBytes"
	}
	switch result {
	case spool.TooLarge:
		text = "the message is larger than a record of a spool file (8 MiB), and was not sent"
		if lastErr != nil {
			text += ": " + messageOf(lastErr)
		}
	case spool.Unencodable:
		kind, text = ErrInvalid, "protobuf can't encode a value of the message"
	}
	return dropError(kind, text, lastErr, maybeStored)
}

func closedError(lastErr error, maybeStored bool) *Error {
	text := "the client was closed before the message was sent"
	if lastErr != nil {
		text += "; the latest try failed: " + messageOf(lastErr)
	}
	return dropError(ErrClosed, text, lastErr, maybeStored)
}

// contextError is the error of a send whose context ended. It wraps the context's cause.
func contextError(ctx context.Context, lastErr error, maybeStored bool) *Error {
	kind := ErrAborted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = ErrDeadline
	}
	text := "the context of the send ended: " + textOf(context.Cause(ctx))
	if lastErr != nil {
		text += "; the latest try failed: " + messageOf(lastErr)
	}
	err := dropError(kind, text, lastErr, maybeStored)
	err.cause = context.Cause(ctx)
	return err
}
