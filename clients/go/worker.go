package dlq

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	// abortGrace is how long a cancelled handler may take to end before its message is released.
	abortGrace = time.Second
	// A stopping worker waits for the answers to its outcomes: the rest of the drain timeout, within these bounds.
	minReportTime = time.Second
	maxReportTime = 5 * time.Second
)

// Handler processes one delivery and returns its outcome: nil for success, an error of [Release], [Quarantine]
// or [Discard], or any other error for a failure, which [RetryAfter] and [NonRetryable] refine. A panic is a
// failure, too.
//
// The context ends when the lease is lost, because another worker may have the message, or when the drain
// timeout of a stopping worker is over; context.Cause returns which. A [Client.Send] of the same message with
// this context becomes the outcome of the delivery, so that there is no second message. A [DeadLetter] function
// does the same.
type Handler func(ctx context.Context, d *Delivery) error

// Worker processes due messages.
type Worker struct {
	client   *Client
	queues   []string
	options  workerOptions
	reporter *outcomeReporter
	leases   *leases

	mu         sync.Mutex
	handler    Handler
	base       context.Context
	running    map[*held]bool
	waiting    []*held
	hasRun     bool
	isShut     bool // before Run
	isStopping bool
	isGivingUp bool
	// idle is closed when no handler runs. It is nil until drain waits for it.
	idle chan struct{}

	stop, stopNow         chan struct{} // stopNow: don't wait for handlers
	stopOnce, stopNowOnce sync.Once
	done                  chan struct{}
}

// Worker returns a worker of 1 to 1,000 queues, which need not exist yet. It does nothing before [Worker.Run].
func (c *Client) Worker(queues []string, opts ...WorkerOption) *Worker {
	w := &Worker{
		client: c, queues: queues,
		options: workerOptions{concurrency: defaultConcurrency, drainTimeout: defaultDrainTimeout},
		running: map[*held]bool{},
		stop:    make(chan struct{}), stopNow: make(chan struct{}), done: make(chan struct{}),
	}
	for _, option := range opts {
		option(&w.options)
	}
	w.reporter = newOutcomeReporter(c.channel, w.outcomeAnswered, w.outcomeGivenUp)
	w.leases = newLeases(c.channel, w.lose, func(err error) { w.report(refusalOf(err, false), nil) })
	return w
}

// Run processes messages until ctx ends, or until [Worker.Shutdown] or [Client.Close] is called. It then accepts
// no new deliveries, waits for running handlers, reports their outcomes, releases waiting deliveries, and returns
// nil. It returns nil at once if Shutdown was called before. It returns an error if an option is invalid, the
// client is closed, or the server refuses the request. A worker runs once.
//
// The contexts of handlers have the values of ctx.
func (w *Worker) Run(ctx context.Context, handler Handler) error {
	request, err := w.options.request(w.queues)
	if err != nil {
		return err
	}
	if handler == nil {
		return errors.New("dlq: the handler of a worker is nil")
	}
	w.mu.Lock()
	if w.hasRun {
		w.mu.Unlock()
		return errors.New("dlq: this worker has run already; create a new one")
	}
	w.hasRun = true
	isShut := w.isShut
	w.handler, w.base = handler, context.WithoutCancel(ctx)
	w.mu.Unlock()
	defer close(w.done)
	if isShut {
		return nil
	}
	if err := w.client.register(w); err != nil {
		return err
	}
	defer w.client.unregister(w)

	streamCtx, endStream := context.WithCancel(w.base)
	defer endStream()
	leaseCtx, endLeases := context.WithCancel(w.base)
	defer endLeases()
	go w.leases.run(leaseCtx)
	stream := &dueStream{
		connect: w.client.connect, request: request,
		onOpened:     w.opened,
		onDeliveries: w.take,
		onBroken:     func(err *Error) { w.report(err, nil) },
		beforeResume: w.leases.releaseUnreceived,
	}
	streamEnd := make(chan error, 1)
	go func() { streamEnd <- stream.run(streamCtx) }()

	var refusal error
	select {
	case <-ctx.Done():
	case <-w.stop:
	case refusal = <-streamEnd:
	}
	endStream()
	if refusal == nil {
		<-streamEnd
	}
	w.drain(stream)
	return refusal
}

// Shutdown ends [Worker.Run] and waits for it. When ctx ends first, Shutdown cancels running handlers, releases
// their messages, and returns the error of ctx within seconds. Don't call it in a handler: it waits for
// handlers.
func (w *Worker) Shutdown(ctx context.Context) error {
	w.stopOnce.Do(func() { close(w.stop) })
	w.mu.Lock()
	hasRun := w.hasRun
	w.isShut = w.isShut || !hasRun
	w.mu.Unlock()
	if !hasRun {
		return nil
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		w.stopNowOnce.Do(func() { close(w.stopNow) })
		<-w.done
		return context.Cause(ctx)
	}
}

func (w *Worker) opened(lease time.Duration) {
	w.reporter.setLease(lease)
	w.leases.setLength(lease)
}

func (w *Worker) take(deliveries []*dlqv1.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range deliveries {
		if d.GetMessage() == nil {
			continue
		}
		h := newHeld(d, w.client)
		w.leases.add(h)
		w.waiting = append(w.waiting, h)
	}
	w.startLocked()
}

func (w *Worker) startLocked() {
	for !w.isStopping && len(w.running) < w.options.concurrency && len(w.waiting) > 0 {
		h := w.waiting[0]
		w.waiting[0] = nil
		w.waiting = w.waiting[1:]
		ctx, ok := h.begin(w.base)
		if !ok {
			continue
		}
		w.running[h] = true
		go w.run(ctx, h)
	}
}

func (w *Worker) run(ctx context.Context, h *held) {
	err := errGoexit
	defer func() { w.handlerEnded(h, err) }() // also if the handler ends its goroutine
	ctx = w.client.options.withinTrace(ctx, h.delivery.TraceContext)
	err = catchPanic(func() error { return w.handler(ctx, h.delivery) })
}

func (w *Worker) handlerEnded(h *held, err error) {
	own := outcomeFrom(err)
	w.mu.Lock()
	isGivingUp := w.isGivingUp
	w.mu.Unlock()
	w.settle(h, func(sent *outcome) *outcome {
		switch {
		case err != nil && isOutcome(err):
			return own
		case isGivingUp && (err != nil || sent != nil):
			return &outcome{kind: Released} // the stopping worker cancelled it, so the failure is not the message's
		case sent != nil:
			return sent
		default:
			return own
		}
	})
	h.abort(nil) // frees its context
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, h)
	if len(w.running) == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
	w.startLocked()
}

func (w *Worker) settle(h *held, choose func(sent *outcome) *outcome) {
	if o := h.settle(choose); o != nil {
		w.reporter.add(h, o)
	}
}

// released is the outcome of a delivery whose handler did not run, or did not end in time.
func released(*outcome) *outcome { return &outcome{kind: Released} }

func (w *Worker) drain(stream *dueStream) {
	w.mu.Lock()
	w.isStopping = true
	waiting := w.waiting
	w.waiting = nil
	w.mu.Unlock()
	for _, h := range waiting {
		w.settle(h, released)
	}
	deadline := time.Now().Add(w.options.drainTimeout)
	if !w.waitUntilIdle(w.options.drainTimeout, w.stopNow) {
		deadline = time.Now()
		running := w.cancelHandlers()
		if !w.waitUntilIdle(abortGrace, nil) {
			for _, h := range running {
				w.settle(h, released)
			}
		}
	}
	reportTime := min(max(time.Until(deadline), minReportTime), maxReportTime)
	if w.reporter.flush(reportTime, w.stopNow) {
		ctx, cancel := context.WithTimeout(context.Background(), minReportTime)
		defer cancel()
		w.leases.releaseUnreceived(ctx, stream.session())
	} else {
		w.reporter.abandon()
		w.reporter.flush(minReportTime, nil)
	}
}

// waitUntilIdle reports whether all handlers ended before the timeout and before stopNow was closed.
func (w *Worker) waitUntilIdle(timeout time.Duration, stopNow <-chan struct{}) bool {
	w.mu.Lock()
	if len(w.running) == 0 {
		w.mu.Unlock()
		return true
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-idle:
		return true
	case <-timer.C:
	case <-stopNow:
	}
	return false
}

// cancelHandlers cancels and returns the running handlers.
func (w *Worker) cancelHandlers() []*held {
	w.mu.Lock()
	w.isGivingUp = true
	var running []*held
	for h := range w.running {
		running = append(running, h)
	}
	w.mu.Unlock()
	for _, h := range running {
		h.abort(newError(ErrClosed, "the worker has stopped", nil))
	}
	return running
}
