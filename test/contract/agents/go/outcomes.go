package main

import (
	"strings"

	"github.com/dlq-service/dlq/clients/go"
)

// callbacks returns callbacks that report events, and then panic if the command says so.
func (s *session) callbacks(c command) []dlq.Option {
	report := func(kind string) func(dlq.OutcomeEvent) {
		return func(m dlq.OutcomeEvent) {
			event := outcomeFields(m)
			event["event"], event["client"], event["kind"] = "outcome", c.Client, kind
			s.emit(event)
			if string(c.Callbacks) == `"throw"` {
				panic("a callback of the scenario")
			}
		}
	}
	return []dlq.Option{
		dlq.WithOnSucceeded(report("succeeded")), dlq.WithOnFailed(report("failed")), dlq.WithOnQuarantined(report("quarantined")),
	}
}

func outcomeFields(m dlq.OutcomeEvent) fields {
	values := fields{
		"id": m.ID, "queue": m.Queue, "attempts": m.Attempts, "reason": strings.TrimPrefix(m.Reason.String(), "REASON_"),
		"note": m.Note, "source_id": m.SourceID,
	}
	if m.QuarantineReason != 0 {
		values["quarantine_reason"] = strings.TrimPrefix(m.QuarantineReason.String(), "QUARANTINE_REASON_")
	}
	if !m.DueTime.IsZero() {
		values["due_time"] = m.DueTime.UnixMilli()
	}
	return values
}
