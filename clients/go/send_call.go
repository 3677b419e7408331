package dlq

import (
	"context"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

// sendAnswer is the answer to one message of a call: a response or an error.
type sendAnswer struct {
	response *dlqv1.SendToDlqResponse
	err      error
}

// callFailure is the failure of a whole call.
type callFailure struct {
	err error
	// wasSent is false if the call did not reach a connection, so that it had no effect.
	wasSent bool
}

// isUnconnected reports that there was no connection: the port refused it, the host name is unknown, or the TLS handshake
// failed.
func (f *callFailure) isUnconnected() bool {
	return !f.wasSent && grpcstatus.Code(f.err) == codes.Unavailable
}

var (
	// errNoAnswer is the reason of a late send without a failed try.
	errNoAnswer = grpcstatus.Error(codes.DeadlineExceeded, "the server did not answer")
	errNoResult = grpcstatus.Error(codes.Internal, "the server returned no result for the message")
)

// callSend sends one message with SendToDlq, or several with SendToDlqBatch.
func callSend(
	ctx context.Context, conn *connection, requests []*dlqv1.SendToDlqRequest, timeout time.Duration,
) ([]sendAnswer, *callFailure) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, wasSent := withSentFlag(ctx)
	if len(requests) == 1 {
		response, err := conn.stub.SendToDlq(ctx, requests[0])
		if err != nil {
			return nil, &callFailure{err, wasSent.Load()}
		}
		return []sendAnswer{{response: response}}, nil
	}
	response, err := conn.stub.SendToDlqBatch(ctx, &dlqv1.SendToDlqBatchRequest{Requests: requests})
	if err != nil {
		return nil, &callFailure{err, wasSent.Load()}
	}
	answers := make([]sendAnswer, len(requests))
	for i := range answers {
		answers[i].err = errNoResult
		if i >= len(response.GetResults()) {
			continue
		}
		switch outcome := response.GetResults()[i].GetOutcome().(type) {
		case *dlqv1.SendToDlqBatchResult_Response:
			answers[i] = sendAnswer{response: outcome.Response}
		case *dlqv1.SendToDlqBatchResult_Error:
			answers[i].err = grpcstatus.FromProto(&status.Status{
				Code: outcome.Error.GetCode(), Message: outcome.Error.GetMessage(), Details: outcome.Error.GetDetails(),
			}).Err()
		}
	}
	return answers, nil
}

// unavailableError returns the error of a call whose every message failed with UNAVAILABLE, and nil for any
// other call. Such a call counts as failed: a proxy answered it, or the service has no store.
func unavailableError(answers []sendAnswer) error {
	for _, answer := range answers {
		if answer.err == nil || grpcstatus.Code(answer.err) != codes.Unavailable {
			return nil
		}
	}
	return answers[0].err
}

func (b *batcher) startCallLocked(sends []*PendingSend) {
	b.calls++
	timeout := time.Millisecond
	now := time.Now()
	requests := make([]*dlqv1.SendToDlqRequest, len(sends))
	for i, p := range sends {
		p.isInCall = true
		requests[i] = p.request
		timeout = max(timeout, b.deadlines[p].Sub(now))
	}
	go b.call(sends, requests, min(timeout, b.tryTimeout))
}

func (b *batcher) call(sends []*PendingSend, requests []*dlqv1.SendToDlqRequest, timeout time.Duration) {
	began := time.Now()
	conn := b.channel.connection()
	answers, failure := callSend(context.Background(), conn, requests, timeout)
	if failure != nil {
		b.channel.callFailed(conn, failure.err)
	}
	b.reportReachability(began, answers, failure)
	b.mu.Lock()
	b.calls--
	var settled []*PendingSend
	if failure != nil {
		settled = b.callFailedLocked(sends, failure)
	} else {
		settled = b.callAnsweredLocked(sends, answers)
	}
	if len(b.queue.sends) > 0 {
		b.startCallsLocked()
	}
	b.mu.Unlock()
	b.reportSettled(settled...)
	if b.outcomes != nil && failure == nil {
		b.follow(sends, answers)
	}
}

// follow follows the accepted messages of a call, except those of sends that were dropped meanwhile.
func (b *batcher) follow(sends []*PendingSend, answers []sendAnswer) {
	for i, p := range sends {
		if answers[i].err == nil && p.result.Status != StatusDropped {
			b.outcomes.accepted(p.request, answers[i].response)
		}
	}
}

func (b *batcher) reportReachability(began time.Time, answers []sendAnswer, failure *callFailure) {
	switch {
	case failure == nil:
		if err := unavailableError(answers); err != nil {
			b.reach.failed(began, err)
		} else {
			b.reach.answered(began)
		}
	case !isAnswer(failure.err):
		b.reach.failed(began, failure.err)
	case !isUnencodable(grpcstatus.Convert(failure.err)): // an unencodable request was never sent
		b.reach.answered(began)
	}
}

// callAnsweredLocked settles or retries the sends of a call. It returns those for reportSettled.
func (b *batcher) callAnsweredLocked(sends []*PendingSend, answers []sendAnswer) (settled []*PendingSend) {
	var again []*PendingSend
	for i, p := range sends {
		answer := answers[i]
		switch {
		case answer.err == nil:
			settled = append(settled, b.settleLocked(p, resultFrom(answer.response, p.request.GetQueue()), nil))
		case isRetryable(answer.err):
			p.tried(answer.err, true)
			again = append(again, p)
		default:
			settled = append(settled, b.refusedLocked(p, answer.err))
		}
	}
	if len(again) == 0 {
		b.backoff.Reset()
	} else {
		b.retryLocked(again)
	}
	return settled
}

// callFailedLocked retries, spools or drops the sends of a failed call. It returns those for reportSettled.
func (b *batcher) callFailedLocked(sends []*PendingSend, failure *callFailure) (settled []*PendingSend) {
	switch {
	case isRetryable(failure.err):
		for _, p := range sends {
			p.tried(failure.err, failure.wasSent)
		}
		if b.spool == nil || !failure.isUnconnected() {
			b.retryLocked(sends)
			break
		}
		for _, p := range sends {
			go b.giveUp(p, nil, nil)
		}
	case len(sends) > 1 && mayFitInHalves(failure.err):
		// One message may be the cause for all: send both halves.
		middle := len(sends) / 2
		b.startCallLocked(sends[:middle])
		b.startCallLocked(sends[middle:])
	default:
		for _, p := range sends {
			settled = append(settled, b.refusedLocked(p, failure.err))
		}
	}
	return settled
}

// refusedLocked moves a refused send to the spool, or drops it if no later try can succeed. It returns a
// dropped one for reportSettled.
func (b *batcher) refusedLocked(p *PendingSend, err error) *PendingSend {
	if p.isFinished() {
		return nil // a send in the spool is tried again from there
	}
	refusal := refusalOf(err, p.wasMaybeStored)
	if b.spool == nil || isPermanent(err) {
		return b.settleLocked(p, Result{Status: StatusDropped}, refusal)
	}
	p.tried(err, refusal.MaybeStored)
	go b.giveUp(p, nil, func() *Error { return refusal }) // concurrent sends share a write to the spool
	return nil
}

// retryLocked puts sends back and pauses all calls for the backoff.
func (b *batcher) retryLocked(sends []*PendingSend) {
	var unfinished []*PendingSend
	for _, p := range sends {
		if !p.isFinished() {
			unfinished = append(unfinished, p)
		}
	}
	b.queue.putBack(unfinished)
	if b.isPaused {
		return
	}
	b.isPaused = true
	time.AfterFunc(b.backoff.Next(), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.isPaused = false
		b.startCallsLocked()
	})
}
