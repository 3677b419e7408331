package dlq

import (
	"context"
	"slices"
	"time"
)

// handling is a run of the handler for one delivery, or for a batch. The worker's mutex guards the batch until the
// handler starts.
type handling struct {
	batch  []*held
	began  time.Time
	ctx    context.Context
	cancel context.CancelCauseFunc
}

type handlingKey struct{}

func newHandling(base context.Context) *handling {
	r := &handling{began: time.Now()}
	r.ctx, r.cancel = context.WithCancelCause(context.WithValue(base, handlingKey{}, r))
	return r
}

// handlingOf returns the handling of a handler's context, or nil.
func handlingOf(ctx context.Context) *handling {
	r, _ := ctx.Value(handlingKey{}).(*handling)
	return r
}

// deliveries returns a new list, because the handler may change its own.
func (r *handling) deliveries() []*Delivery {
	deliveries := make([]*Delivery, len(r.batch))
	for i, h := range r.batch {
		deliveries[i] = h.delivery
	}
	return deliveries
}

// isLost reports whether all leases are lost.
func (r *handling) isLost() bool { return !slices.ContainsFunc(r.batch, (*held).hasLease) }

// startLocked starts handlers for what waits.
func (w *Worker) startLocked() {
	for !w.isStopping && len(w.running) < *w.options.concurrency && len(w.waiting) > 0 {
		r := newHandling(w.base)
		for len(r.batch) < w.batchSize && len(w.waiting) > 0 {
			h := w.waiting[0]
			w.waiting[0] = nil
			w.waiting = w.waiting[1:]
			if h.hasLease() {
				h.handling = r
				r.batch = append(r.batch, h)
			}
		}
		if len(r.batch) == 0 {
			r.cancel(nil)
			continue
		}
		w.running[r] = true
		go w.handle(r)
	}
}

func (w *Worker) handle(r *handling) {
	err := errGoexit
	ctx, ended := w.client.telemetry.beginHandler(r.ctx, r.deliveries())
	given := r.deliveries()
	defer func() { // also if the handler ends its goroutine
		errs, isEach := errorsFrom(err, r.deliveries(), given)
		w.handlerEnded(r, errs, isEach, time.Since(r.began), ended)
	}()
	err = catchPanic(func() error { return w.handler(ctx, given) })
}

// handlerEnded settles the deliveries by what the handler returned for each.
func (w *Worker) handlerEnded(r *handling, errs []error, isEach bool, took time.Duration, ended func([]Handled)) {
	w.mu.Lock()
	hasCancelled := w.hasCancelled
	w.mu.Unlock()
	if !hasCancelled {
		w.reportFailures(r, errs, isEach)
	}
	for _, h := range r.batch {
		h.end()
	}
	var own *outcome
	handled, counting := make([]Handled, len(r.batch)), make([]*outcome, len(r.batch))
	for i, h := range r.batch {
		if i == 0 || isEach {
			own = outcomeFrom(errs[i])
		}
		o, counts := h.settle(func(sent, forwardingFailure *outcome) *outcome {
			h.handled = took
			if sent == nil && own.kind == Succeeded { // a handler that returns an error has failed with that
				sent = forwardingFailure
			}
			switch {
			case isOutcome(errs[i]) && (own.kind != Succeeded || sent == nil):
				return own // a message that the handler sent has failed, whatever it returns as success
			case hasCancelled:
				return &outcome{kind: Released} // cancelled by the stopping worker, it has neither failed nor succeeded
			case sent != nil:
				return sent
			default:
				return own
			}
		})
		handled[i] = o.handled()
		if counts {
			counting[i] = o
		}
	}
	if ended != nil {
		ended(handled)
	}
	for i, o := range counting {
		if o != nil {
			w.reporter.add(r.batch[i], o)
		}
	}
	r.cancel(nil) // frees its context
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, r)
	if len(w.running) == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
	w.startLocked()
}

// reportFailures reports a failure of the batch once, and those of single deliveries each. A delivery whose lease is
// lost has no failure.
func (w *Worker) reportFailures(r *handling, errs []error, isEach bool) {
	var failed []*Delivery
	for i, h := range r.batch {
		if errs[i] == nil || isOutcome(errs[i]) || !h.hasLease() {
			continue
		}
		failed = append(failed, h.delivery)
		if isEach {
			w.reportFailedHandler(failed, errs[i])
			failed = nil
		}
	}
	if len(failed) > 0 {
		w.reportFailedHandler(failed, errs[0])
	}
}
