package dlq

import (
	"context"
	"strconv"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// sendAnswer is the result of one message, whichever call it went in: a response or an error.
type sendAnswer struct {
	response *dlqv1.SendToDlqResponse
	err      error
}

// callFailure is what a call as a whole failed with.
type callFailure struct {
	err error
	// wentOut is false if the call can't have had an effect: it has reached no connection.
	wentOut bool
}

// errNoAnswer is why a send is late of which no try has failed.
var errNoAnswer = grpcstatus.Error(codes.DeadlineExceeded, "the server did not answer")

var errNoResult = grpcstatus.Error(codes.Internal, "the server gave no result")

// callSend sends one message by itself, several in a batch.
func callSend(
	ctx context.Context, w *wire, requests []*dlqv1.SendToDlqRequest, timeout time.Duration,
) ([]sendAnswer, *callFailure) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, note := withOutNote(ctx)
	if len(requests) == 1 {
		response, err := w.ready().SendToDlq(ctx, requests[0])
		if err != nil {
			return nil, &callFailure{err, note.Load()}
		}
		return []sendAnswer{{response: response}}, nil
	}
	response, err := w.ready().SendToDlqBatch(ctx, &dlqv1.SendToDlqBatchRequest{Requests: requests})
	if err != nil {
		return nil, &callFailure{err, note.Load()}
	}
	answers := make([]sendAnswer, len(requests))
	for at := range answers {
		answers[at].err = errNoResult
		if at >= len(response.GetResults()) {
			continue
		}
		switch outcome := response.GetResults()[at].GetOutcome().(type) {
		case *dlqv1.SendToDlqBatchResult_Response:
			answers[at] = sendAnswer{response: outcome.Response}
		case *dlqv1.SendToDlqBatchResult_Error:
			answers[at].err = grpcstatus.FromProto(&status.Status{
				Code: outcome.Error.GetCode(), Message: outcome.Error.GetMessage(), Details: outcome.Error.GetDetails(),
			}).Err()
		}
	}
	return answers, nil
}

// withoutService is the error of a call in which none was taken for want of the service itself, such as of
// its store: it was answered, but as if nobody were there.
func withoutService(answers []sendAnswer) error {
	for _, answer := range answers {
		if answer.err == nil || grpcstatus.Code(answer.err) != codes.Unavailable {
			return nil
		}
	}
	return answers[0].err
}

// isOfTheWholeCall: a batch that is refused as a whole, although all but one of its messages may be fine.
func isOfTheWholeCall(err error) bool {
	told := grpcstatus.Convert(err)
	return told.Code() == codes.InvalidArgument || told.Code() == codes.ResourceExhausted ||
		cannotBeWritten(told) || isTooLargeOnTheWay(told)
}

// Why a send was dropped, and what to do.

func bufferFull(p *pendingSend, bounds Coalescing) *Error {
	if p.letter.size > bounds.MaxPendingBytes {
		return newError(ErrBufferFull, "it takes "+strconv.Itoa(p.letter.size)+" bytes, and no more than "+
			strconv.Itoa(bounds.MaxPendingBytes)+" may be pending; store large content elsewhere, or raise MaxPendingBytes of Coalescing", nil)
	}
	return newError(ErrBufferFull, strconv.Itoa(p.before)+
		" sends are pending already; send less at once, or raise the bounds of Coalescing", nil)
}

func lateError(lastErr error, maybeStored bool) *Error {
	why := wordsOf(errNoAnswer)
	if lastErr != nil {
		why = wordsOf(lastErr)
	}
	late := newError(ErrDeadline, "not sent in time: "+why+
		"; is the server at the target up? Keep the message elsewhere, or give more time by WithTimeout", lastErr)
	late.MaybeStored = maybeStored
	if lastErr != nil {
		late.Code = grpcstatus.Code(lastErr)
	}
	return late
}

func notKept(placed spool.Placed, lastErr error, maybeStored bool) *Error {
	kind, words := ErrSpoolFull, "the spool has no room for it; is the server at the target up? Else raise the spool's MaxBytes"
	if lastErr != nil {
		words = "the spool has no room for it, and it was not sent: " + wordsOf(lastErr) + "; mend that, or raise the spool's MaxBytes"
	}
	switch placed {
	case spool.TooLong:
		words = "it is longer than the 8 MiB that a record of a spool file has room for, and was not sent"
		if lastErr != nil {
			words += ": " + wordsOf(lastErr)
		}
	case spool.Unwritable:
		kind, words = ErrInvalid, "it has a value that no message can hold"
	}
	err := newError(kind, words, lastErr)
	err.MaybeStored = maybeStored
	if lastErr != nil {
		err.Code = grpcstatus.Code(lastErr)
	}
	return err
}

func closedError(lastErr error, maybeStored bool) *Error {
	words := "the client was closed before this was sent"
	if lastErr != nil {
		words += "; the server had not taken it: " + wordsOf(lastErr)
	}
	closed := newError(ErrClosed, words, lastErr)
	closed.MaybeStored = maybeStored
	if lastErr != nil {
		closed.Code = grpcstatus.Code(lastErr)
	}
	return closed
}
