package dlq

import (
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

// OutcomeKind is what the outcome of a delivery is called.
type OutcomeKind string

// The outcomes of the contract.
const (
	Succeeded   OutcomeKind = "succeeded"
	Failed      OutcomeKind = "failed"
	Released    OutcomeKind = "released"
	Quarantined OutcomeKind = "quarantined"
	Discarded   OutcomeKind = "discarded"
)

// noteBytes: longer notes are cut by the server, too; uncut they could spoil the call of many outcomes.
const noteBytes = 1 << 10

// outcome is an error only so that a handler can return it.
type outcome struct {
	kind   OutcomeKind
	failed *dlqv1.Failed
	delay  time.Duration
	note   string
}

func (o *outcome) Error() string { return "dlq: the message is to be " + string(o.kind) }

// Release is what a handler returns to give its message back unprocessed: no attempt is counted. It comes
// again after the delay, 1 s at least and 30 days at most.
func Release(delay time.Duration) error {
	return &outcome{kind: Released, delay: bounded(delay)}
}

// Quarantine is what a handler returns to have its message quarantined, whatever the policy says.
func Quarantine(note string) error {
	return &outcome{kind: Quarantined, note: cut(note, noteBytes)}
}

// Discard is what a handler returns to drop its message without success.
func Discard(note string) error {
	return &outcome{kind: Discarded, note: cut(note, noteBytes)}
}

// outcomeFrom is what a handler's error says.
func outcomeFrom(err error) *outcome {
	if err == nil {
		return &outcome{kind: Succeeded}
	}
	if told, ok := inChain[*outcome](err); ok {
		return told
	}
	failed := &dlqv1.Failed{Failure: failureOf(err, ""), NonRetryable: isNonRetryable(err)}
	if delay, ok := retryAfterOf(err); ok {
		failed.RetryAfter = durationpb.New(delay)
	}
	return &outcome{kind: Failed, failed: failed}
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

// bounded is what the server takes as a wait of an outcome.
func bounded(delay time.Duration) time.Duration { return min(max(delay, 0), mostWait) }
