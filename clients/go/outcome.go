package dlq

import (
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// OutcomeKind is the kind of a delivery's outcome.
type OutcomeKind string

// Outcome kinds.
const (
	Succeeded   OutcomeKind = "succeeded"
	Failed      OutcomeKind = "failed"
	Released    OutcomeKind = "released"
	Quarantined OutcomeKind = "quarantined"
	Discarded   OutcomeKind = "discarded"
)

const (
	// maxNoteBytes is the server's limit. A longer note could make a call with many outcomes too large.
	maxNoteBytes = 1 << 10
	// maxDelay is the server's limit for the delay of an outcome.
	maxDelay = 30 * 24 * time.Hour
)

// outcome is an error so that a handler can return it.
type outcome struct {
	kind   OutcomeKind
	failed *dlqv1.Failed
	cause  error // of failed
	delay  time.Duration
	note   string
}

func (o *outcome) Error() string { return "dlq: outcome " + string(o.kind) }
func (o *outcome) Unwrap() error { return o.cause }

// Succeed returns an error for a handler that has processed its message although its context has ended. Otherwise
// nil says the same.
func Succeed() error { return &outcome{kind: Succeeded} }

// Release returns an error for a handler that gives its message back unprocessed. No attempt is counted. The
// message is due again after the delay, at least 1 s and at most 30 days.
func Release(delay time.Duration) error {
	return &outcome{kind: Released, delay: limitDelay(delay)}
}

// Fail returns an error for a handler whose attempt has failed with err, which [RetryAfter], [NonRetryable] and
// [Fingerprint] refine. Unlike err itself, it is not reported to [WithOnError]. The attempt has failed also if err is nil.
func Fail(err error) error { return failed(orUnknown(err)) }

// Quarantine returns an error for a handler that quarantines its message, whatever the policy says.
func Quarantine(note string) error {
	return &outcome{kind: Quarantined, note: cut(note, maxNoteBytes)}
}

// Discard returns an error for a handler that removes its message without success.
func Discard(note string) error {
	return &outcome{kind: Discarded, note: cut(note, maxNoteBytes)}
}

// outcomeFrom returns the outcome of a handler that returned err.
func outcomeFrom(err error) *outcome {
	if err == nil {
		return &outcome{kind: Succeeded}
	}
	if o, ok := alone[*outcome](err); ok {
		return o
	}
	return failed(err)
}

func isOutcome(err error) bool {
	_, ok := alone[*outcome](err)
	return ok
}

func failed(err error) *outcome {
	message := &dlqv1.Failed{Failure: failureOf(err, ""), NonRetryable: isNonRetryable(err)}
	if delay, ok := retryAfterOf(err); ok {
		message.RetryAfter = durationpb.New(delay)
	}
	return &outcome{kind: Failed, failed: message, cause: err}
}

func (o *outcome) handled() Handled {
	return Handled{Outcome: o.kind, ErrorType: o.failed.GetFailure().GetType(), Err: o.cause}
}

func (o *outcome) message(leaseToken string) *dlqv1.Outcome {
	m := &dlqv1.Outcome{LeaseToken: leaseToken}
	switch o.kind {
	case Failed:
		m.Result = &dlqv1.Outcome_Failed{Failed: o.failed}
	case Released:
		released := &dlqv1.Released{}
		if o.delay > 0 {
			released.Delay = durationpb.New(o.delay)
		}
		m.Result = &dlqv1.Outcome_Released{Released: released}
	case Quarantined:
		m.Result = &dlqv1.Outcome_Quarantined{Quarantined: &dlqv1.Quarantined{Note: o.note}}
	case Discarded:
		m.Result = &dlqv1.Outcome_Discarded{Discarded: &dlqv1.Discarded{Note: o.note}}
	default:
		m.Result = &dlqv1.Outcome_Succeeded{Succeeded: &dlqv1.Succeeded{}}
	}
	return m
}

func limitDelay(delay time.Duration) time.Duration { return min(max(delay, 0), maxDelay) }
