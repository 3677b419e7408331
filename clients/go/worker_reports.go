package dlq

import (
	"google.golang.org/grpc/status"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func (w *Worker) answered(one unreported, result *dlqv1.AckResult) {
	w.leases.remove(one.held)
	if result.GetStatus() != dlqv1.AckStatus_ACK_STATUS_APPLIED {
		words := "the outcome (" + string(one.kind) + ") of message " + one.held.delivery.ID + " does not count: "
		w.report(newError(ErrLeaseLost, words+whyNot(result), nil), one.held.delivery)
		return
	}
	if w.options.onSettled == nil {
		return
	}
	settled := Settled{Outcome: one.kind, State: result.GetState(), QuarantineReason: result.GetQuarantineReason()}
	if due := result.GetDueTime(); due != nil {
		settled.DueTime = due.AsTime()
	}
	tell(w.client.options.logger, "WithOnSettled", func() { w.options.onSettled(one.held.delivery, settled) })
}

func whyNot(result *dlqv1.AckResult) string {
	switch {
	case result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_LEASE_LOST:
		return "its lease was over and it moved on"
	case result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_NOT_FOUND:
		return "it is gone"
	case result.GetDetail() != "":
		return result.GetDetail()
	default:
		return "the server gave no result"
	}
}

func (w *Worker) givenUp(one unreported, cause error) {
	w.leases.remove(one.held)
	words := "the outcome (" + string(one.kind) + ") of message " + one.held.delivery.ID + " could not be reported: "
	err := newError(ErrConnection, words+wordsOf(cause)+"; it may come again", cause)
	err.Code = status.Code(cause)
	w.report(err, one.held.delivery)
}

func (w *Worker) report(err *Error, d *Delivery) {
	if w.options.onError != nil {
		tell(w.client.options.logger, "WithOnError", func() { w.options.onError(err, d) })
		return
	}
	about := []any{"kind", string(err.Kind), "error", err}
	if d != nil {
		about = append(about, "queue", d.Queue, "id", d.ID)
	}
	w.client.options.logger.Warn("dlq worker", about...)
}
