package dlq

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	// abortGrace is how long a cancelled handler may take to end, before its message is given back.
	abortGrace = time.Second
	// A worker that stops waits for the answers to its outcomes: what is left, within these.
	leastReport = time.Second
	mostReport  = 5 * time.Second
)

// Handler processes one delivery. What it returns is the outcome: nil has succeeded, [Release], [Quarantine]
// and [Discard] are that, and any other error has failed, with [RetryAfter] and [NonRetryable] deciding
// on what comes next. A panic has failed, too.
//
// The context ends when the lease is lost (somebody else may have the message) or when a stopping worker
// waits no longer; context.Cause tells which. A [Client.Send] of the same message with this context, or
// a [DeadLetter] function that does it, becomes the outcome of this delivery: there is no second message.
type Handler func(ctx context.Context, d *Delivery) error

// Worker works on messages that are due.
type Worker struct {
	client  *Client
	queues  []string
	options workerOptions
	acks    *acks
	leases  *leases

	mu         sync.Mutex
	handler    Handler
	base       context.Context
	running    map[*held]bool
	waiting    []*held
	hasRun     bool
	isShut     bool // before it ran
	isStopping bool
	isGivingUp bool
	idle       chan struct{} // closed when nothing runs any more; nil until somebody waits for it

	stop, hasten         chan struct{}
	stopOnce, hastenOnce sync.Once
	done                 chan struct{}
}

// Worker makes a worker of 1 to 1,000 queues, which need not exist yet. It does nothing before [Worker.Run].
func (c *Client) Worker(queues []string, opts ...WorkerOption) *Worker {
	w := &Worker{
		client: c, queues: queues,
		options: workerOptions{concurrency: defaultConcurrency, drainTimeout: defaultDrainTimeout},
		running: map[*held]bool{},
		stop:    make(chan struct{}), hasten: make(chan struct{}), done: make(chan struct{}),
	}
	for _, option := range opts {
		option(&w.options)
	}
	w.acks = newAcks(c.line, w.answered, w.givenUp)
	w.leases = newLeases(c.line, w.lose, func(err error) { w.report(refusalOf(err, false), nil) })
	return w
}

// Run works until ctx ends, or [Worker.Shutdown] or [Client.Close] is called. Then it takes nothing new, waits
// for running handlers, reports their outcomes, gives the rest back, and returns nil; so it does if Shutdown was
// called before. It returns an error only if an option makes no sense, the client is closed, or the server refuses
// what it asks for. It runs once.
//
// Values of ctx are those of the handlers' contexts.
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
		return errors.New("dlq: this worker has run already; make another one")
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
	defer w.client.forget(w)

	streamCtx, endStream := context.WithCancel(w.base)
	defer endStream()
	leaseCtx, endLeases := context.WithCancel(w.base)
	defer endLeases()
	go w.leases.keep(leaseCtx)
	stream := &dueStream{
		connect: w.client.connect, request: request,
		onOpened:     w.opened,
		onDeliveries: w.take,
		onBroken:     func(err *Error) { w.report(err, nil) },
		beforeResume: w.leases.releaseStrays,
	}
	streamEnd := make(chan error, 1)
	go func() { streamEnd <- stream.keep(streamCtx) }()

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

// Shutdown ends [Worker.Run], as the end of its context does, and waits for it. When ctx ends before, handlers
// that still run are cancelled and their messages given back, within seconds; it then returns the
// error of ctx. Don't wait for it inside a handler, for which it waits itself.
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
		w.hastenOnce.Do(func() { close(w.hasten) })
		<-w.done
		return context.Cause(ctx)
	}
}

func (w *Worker) opened(lease time.Duration) {
	w.acks.setLease(lease)
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
	defer func() { w.ran(h, err) }() // also where the handler ends its goroutine
	ctx = w.client.options.withinTrace(ctx, h.delivery.TraceContext)
	err = guarded(func() error { return w.handler(ctx, h.delivery) })
}

func (w *Worker) ran(h *held, err error) {
	own := outcomeFrom(err)
	w.mu.Lock()
	isGivingUp := w.isGivingUp
	w.mu.Unlock()
	w.settle(h, func(sent *outcome) *outcome {
		switch {
		case err != nil && isOutcome(err):
			return own
		case isGivingUp && (err != nil || sent != nil):
			return &outcome{kind: Released} // cancelled because the worker stops: no fault of the message
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
		w.acks.add(h, o)
	}
}

// released is for a message whose handler does not count.
func released(*outcome) *outcome { return &outcome{kind: Released} }

func (w *Worker) lose(h *held) {
	w.leases.remove(h)
	if !h.lose() {
		return
	}
	lost := newError(ErrLeaseLost, "the lease of message "+h.delivery.ID+" is lost; its outcome will not count", nil)
	h.abort(lost)
	w.report(lost, h.delivery)
}

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
	if !w.waitIdle(w.options.drainTimeout, w.hasten) {
		deadline = time.Now()
		running := w.giveUp()
		if !w.waitIdle(abortGrace, nil) {
			for _, h := range running {
				w.settle(h, released)
			}
		}
	}
	report := min(max(time.Until(deadline), leastReport), mostReport)
	if w.acks.flush(report, w.hasten) {
		ctx, cancel := context.WithTimeout(context.Background(), leastReport)
		defer cancel()
		w.leases.releaseStrays(ctx, stream.session())
	} else {
		w.acks.abandon()
		w.acks.flush(leastReport, nil)
	}
}

// waitIdle gives false if handlers still run after that time, or once nobody waits for them any more.
func (w *Worker) waitIdle(most time.Duration, hasten <-chan struct{}) bool {
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
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-idle:
		return true
	case <-timer.C:
	case <-hasten:
	}
	return false
}

// giveUp cancels running handlers.
func (w *Worker) giveUp() []*held {
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
