package dlq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	// abortGrace is how long a cancelled handler may take to end before its message is released.
	abortGrace = time.Second
	// A stopping worker waits for the answers to its outcomes for the rest of the drain timeout, within these bounds.
	minReportTime = time.Second
	maxReportTime = 5 * time.Second
)

// Worker processes due messages.
type Worker struct {
	client   *Client
	queues   []string
	options  workerOptions
	reporter *outcomeReporter
	leases   *leases
	warning  workerWarning

	mu         sync.Mutex
	handler    BatchHandler
	batchSize  int
	base       context.Context
	running    map[*handling]bool
	waiting    []*held
	hasRun     bool
	isStopping bool
	// isShut: Shutdown was called before Run.
	isShut bool
	// hasCancelled: the running handlers are cancelled, because the worker stops.
	hasCancelled bool
	// idle is closed when no handler runs. It is nil until drain waits for it.
	idle chan struct{}

	stop, stopNow         chan struct{} // after stopNow, running handlers are cancelled
	stopOnce, stopNowOnce sync.Once
	done                  chan struct{}
}

// Worker returns a worker of 1 to 1,000 queues, which need not exist yet. It does nothing before [Worker.Run].
func (c *Client) Worker(queues []string, opts ...WorkerOption) *Worker {
	w := &Worker{
		client: c, queues: queues,
		options: workerOptions{drainTimeout: defaultDrainTimeout}, running: map[*handling]bool{},
		stop: make(chan struct{}), stopNow: make(chan struct{}), done: make(chan struct{}),
	}
	for _, option := range opts {
		if option != nil {
			option(&w.options)
		}
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
	if w.options.batchSize != nil {
		return errors.New("dlq: WithBatchSize is for RunBatch")
	}
	wrapped, err := wrap(handler, w.options.middleware)
	if err != nil {
		return err
	}
	return w.run(ctx, wrapped, 1, defaultConcurrency)
}

// RunBatch is like [Worker.Run], but its handler gets several deliveries: those that wait, without waiting for more. By
// default it handles one batch at a time, so that other deliveries collect meanwhile.
func (w *Worker) RunBatch(ctx context.Context, handler BatchHandler) error {
	if handler == nil {
		return errors.New("dlq: the batch handler of a worker is nil")
	}
	if len(w.options.middleware) > 0 {
		return errors.New("dlq: WithMiddleware is for Run: it wraps a Handler")
	}
	size := defaultBatchSize
	if w.options.batchSize != nil {
		size = *w.options.batchSize
	}
	if size < 1 || size > maxBatchSize {
		return fmt.Errorf("dlq: the batch size is %d; give 1 to %d", size, maxBatchSize)
	}
	return w.run(ctx, handler, size, 1)
}

func (w *Worker) run(ctx context.Context, handler BatchHandler, batchSize, concurrency int) error {
	if w.options.concurrency == nil {
		w.options.concurrency = &concurrency
	}
	request, err := w.options.request(w.queues, batchSize)
	if err != nil {
		return err
	}
	w.mu.Lock()
	if w.hasRun {
		w.mu.Unlock()
		return errors.New("dlq: this worker has run already; create a new one")
	}
	w.hasRun = true
	isShut := w.isShut
	w.handler, w.batchSize, w.base = handler, batchSize, context.WithoutCancel(ctx)
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
		select {
		case <-streamEnd:
		case <-time.After(abortGrace): // WithOnError, which the stream calls, may wait for this worker
		}
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
	if w.warning.isOpen.Swap(false) {
		w.client.options.logger.Info("dlq: the worker of " + nameQueues(w.queues) + " works again")
	}
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

// release releases a delivery whose handler did not run, or did not end in time.
func (w *Worker) release(h *held) {
	if o, counts := h.settle(func(_, _ *outcome) *outcome { return &outcome{kind: Released} }); counts {
		w.reporter.add(h, o)
	}
}

func (w *Worker) drain(stream *dueStream) {
	w.mu.Lock()
	w.isStopping = true
	waiting := w.waiting
	w.waiting = nil
	w.mu.Unlock()
	for _, h := range waiting {
		w.release(h)
	}
	deadline := time.Now().Add(w.options.drainTimeout)
	if !w.waitUntilIdle(w.options.drainTimeout, w.stopNow) {
		deadline = time.Now()
		running := w.cancelHandlers()
		if !w.waitUntilIdle(abortGrace, nil) {
			for _, r := range running {
				for _, h := range r.batch {
					w.release(h)
				}
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

// cancelHandlers cancels, logs and returns the running handlers, the oldest first.
func (w *Worker) cancelHandlers() []*handling {
	w.mu.Lock()
	w.hasCancelled = true
	running := slices.SortedFunc(maps.Keys(w.running), func(a, b *handling) int { return a.began.Compare(b.began) })
	w.mu.Unlock()
	for _, r := range running {
		r.cancel(newError(ErrClosed, "the worker has stopped", nil))
	}
	w.logCancelled(running)
	return running
}
