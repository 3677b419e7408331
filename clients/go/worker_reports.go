package dlq

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/status"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func (w *Worker) outcomeAnswered(one unreported, result *dlqv1.AckResult) {
	w.leases.remove(one.held)
	if result.GetStatus() != dlqv1.AckStatus_ACK_STATUS_APPLIED {
		text := one.description() + " does not count: "
		w.report(newError(ErrLeaseLost, text+reasonNotApplied(result), nil), one.held.delivery)
		return
	}
	if w.options.onSettled == nil {
		return
	}
	settled := Settled{
		Outcome: one.kind, State: result.GetState(), QuarantineReason: result.GetQuarantineReason(),
		Err: one.cause, Duration: one.held.handled,
	}
	if due := result.GetDueTime(); due != nil {
		settled.DueTime = due.AsTime()
	}
	notify(w.client.options.logger, panickedLine("WithOnSettled"), func() { w.options.onSettled(one.held.delivery, settled) })
}

func reasonNotApplied(result *dlqv1.AckResult) string {
	switch {
	case result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_LEASE_LOST:
		return "its lease expired and another worker may have the message"
	case result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_NOT_FOUND:
		return "the message does not exist any more"
	case result.GetDetail() != "":
		return result.GetDetail()
	default:
		return "the server returned no result"
	}
}

func (w *Worker) outcomeGivenUp(one unreported, cause error) {
	w.leases.remove(one.held)
	text := one.description() + " could not be reported: "
	err := newError(ErrConnection, text+messageOf(cause)+"; the message may be delivered again", cause)
	err.Code = status.Code(cause)
	w.report(err, one.held.delivery)
}

// lose reports a lost lease and cancels the handler.
func (w *Worker) lose(h *held) {
	w.leases.remove(h)
	if !h.lose() {
		return
	}
	lost := newError(ErrLeaseLost, "the lease of message "+h.delivery.ID+" is lost; its outcome will not count", nil)
	w.mu.Lock()
	r := h.handling
	w.mu.Unlock()
	if r != nil && r.isLost() {
		r.cancel(lost)
	}
	w.report(lost, h.delivery)
}

func (w *Worker) reportFailedHandler(failed []*Delivery, cause error) {
	names := make([]string, len(failed))
	for i, d := range failed {
		names[i] = nameDelivery(d)
	}
	w.report(newError(ErrHandlerFailed, "the handler failed: "+firstThree(names), cause), failed[0])
}

// logCancelled logs the deliveries of handlers that a stopping worker cancels. Those with a lost lease are not released.
func (w *Worker) logCancelled(running []*handling) {
	var deliveries []*Delivery
	var names []string
	for _, r := range running {
		for _, h := range r.batch {
			if h.hasLease() {
				deliveries = append(deliveries, h.delivery)
				names = append(names, fmt.Sprintf("%s, for %.1f s", nameDelivery(h.delivery), time.Since(r.began).Seconds()))
			}
		}
	}
	if len(deliveries) == 0 {
		return
	}
	w.client.options.logger.Warn("dlq: the worker stops and cancels handlers that still run: "+firstThree(names)+
		"; their messages are released; raise WithDrainTimeout if handlers need longer",
		"queue", deliveries[0].Queue, "id", deliveries[0].ID)
}

func nameDelivery(d *Delivery) string {
	return fmt.Sprintf("message %s of queue %q, attempt %d", d.ID, d.Queue, d.Attempt)
}

// firstThree joins the first three names.
func firstThree(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		names = append(names[:most:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, "; ")
}

// workerWarning limits the log lines of a worker that gets no messages, such as of a server that is down.
type workerWarning struct {
	due    onceAMinute
	isOpen atomic.Bool // no later line said that the worker works again
}

func (w *Worker) report(err *Error, d *Delivery) {
	if w.options.onError != nil {
		notify(w.client.options.logger, panickedLine("WithOnError"), func() { w.options.onError(err, d) })
		return
	}
	text := err.text
	if d == nil { // repeats with each try
		if !w.warning.due.isDue() {
			return
		}
		w.warning.isOpen.Store(true)
		effect := " gets no messages: "
		if err.Kind == ErrUnauthenticated {
			effect = " is refused: "
		}
		text = "the worker of " + nameQueues(w.queues) + effect + text + "; retrying"
	}
	attrs := []any{"kind", string(err.Kind)}
	if d != nil {
		attrs = append(attrs, "queue", d.Queue, "id", d.ID)
	}
	if err.Kind == ErrHandlerFailed {
		attrs = append(attrs, "stack", cut(traceOf(chainOf(err.cause), ""), maxStackBytes))
	}
	w.client.options.logger.Warn("dlq: "+text, attrs...)
}

// nameQueues names the first three.
func nameQueues(queues []string) string {
	const most = 3
	names := make([]string, 0, most+1)
	for _, queue := range queues[:min(len(queues), most)] {
		names = append(names, `"`+queue+`"`)
	}
	if len(queues) > most {
		names = append(names, "…")
	}
	if len(queues) == 1 {
		return "queue " + names[0]
	}
	return "queues " + strings.Join(names, ", ")
}
