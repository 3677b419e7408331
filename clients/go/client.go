package dlq

import (
	"cmp"
	"context"
	"sync"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
)

// Sender is the part of a [Client] that sends. Accept it where tests use a fake of their own.
type Sender interface {
	Send(ctx context.Context, queue string, payload any, cause error, opts ...SendOption) (Result, error)
}

var _ Sender = (*Client)(nil)

// Client is a client of one deployment of the service. Create one and share it: it is safe for concurrent use.
type Client struct {
	options     options
	target      string // as spool files have it
	origin      *dlqv1.Origin
	connect     dialer
	channel     *reconnectingChannel
	stubs       *connection // for Stubs and Admin; never replaced during the user's calls
	batcher     *batcher
	spoolSender *spoolSender // nil without a spool
	numbers     *sendNumbers // nil without a spool
	drops       *dropReport
	onDropped   reportDrop
	callback    *dropCallback   // nil without WithOnDropped
	outcomes    *outcomeWatches // nil without callbacks
	telemetry   safeTelemetry
	unobserve   func() // ends the telemetry of the client's state

	mu        sync.Mutex
	workers   map[*Worker]bool
	isClosing bool
	isClosed  bool
	closed    chan struct{} // closed when Close ends
}

// New returns a client of the server at an address: host:port, http://host:port, https://host:port with TLS, or a
// target of gRPC with a scheme, such as dns:///host:port. It connects with its first call. It returns an error only
// for an invalid address or option.
func New(address string, opts ...Option) (*Client, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	target, err := parseTarget(address, len(o.dial) > 0)
	if err != nil {
		return nil, err
	}
	connect, err := newDialer(target, &o)
	if err != nil {
		return nil, err
	}
	c := &Client{
		options: o, target: target.spool, connect: connect, workers: map[*Worker]bool{}, closed: make(chan struct{}),
	}
	if o.service != "" || o.instance != "" || o.version != "" {
		c.origin = &dlqv1.Origin{
			Service: validText(o.service), Instance: validText(o.instance), Version: validText(o.version),
		}
	}
	c.drops = &dropReport{logger: o.logger}
	c.onDropped = c.drops.report
	if o.onDropped != nil {
		c.callback = &dropCallback{logger: o.logger, onDropped: o.onDropped, onLate: c.drops.report}
		c.onDropped = c.callback.report
	}
	if c.channel, err = newReconnectingChannel(connect); err != nil {
		return nil, err
	}
	if c.stubs, err = connect(); err != nil {
		c.channel.close()
		return nil, err
	}
	if o.callbacks.areSet() {
		c.outcomes = newOutcomeWatches(o.callbacks, c.channel, o.logger)
	}
	reach := &reachability{}
	b := &batcher{
		channel: c.channel, reach: reach, outcomes: c.outcomes, bounds: o.coalescing, tryTimeout: o.tryTimeout,
	}
	if o.spool != nil {
		c.numbers = newSendNumbers()
		c.spoolSender = startSpoolSender(spool.Settings{
			Target: target.spool, Service: o.service,
			Folder: o.spool.Folder, MaxBytes: cmp.Or(o.spool.MaxBytes, defaultSpoolBytes), Sync: o.spool.Sync,
			Warn: func(text string) { o.logger.Warn("dlq: " + text) },
			Info: func(text string) { o.logger.Info("dlq: " + text) },
		}, c.channel, reach, c.outcomes, c.onDropped)
		b.spool = c.spoolSender
	}
	c.batcher = newBatcher(b)
	c.telemetry = safeTelemetry{o.telemetry, o.logger, &onceAMinute{}}
	c.unobserve = c.telemetry.observe(target.spool, c.Status)
	return c, nil
}

// Send sends a message that could not be processed, with the error that is the cause. The payload is text,
// bytes, a [Payload], a [*Delivery], or any value that encoding/json encodes. The cause may be nil.
//
// The error is nil if the service or the spool has the message. Otherwise it is an [*Error], and the status of
// the result is [StatusDropped].
//
// Send waits for the answer, by default up to 5 s. If ctx ends first, the message goes to the spool, or is
// dropped without one. A context that has ended before the call does not count, because it is often the
// reason of the failure. In a handler, pass its context: a send of the handler's own message becomes the
// outcome of the delivery.
func (c *Client) Send(
	ctx context.Context, queue string, payload any, cause error, opts ...SendOption,
) (Result, error) {
	pending, wait := c.begin(ctx, queue, payload, cause, opts)
	if wait != nil {
		wait()
	}
	return pending.Result()
}

// SendAsync is like [Client.Send], but returns without the result. It has read the payload when it returns.
// The end of ctx does not end the send; only the values of ctx are used. [Client.Flush] waits for all sends.
func (c *Client) SendAsync(
	ctx context.Context, queue string, payload any, cause error, opts ...SendOption,
) *PendingSend {
	pending, wait := c.begin(context.WithoutCancel(ctx), queue, payload, cause, opts)
	if wait != nil {
		go wait()
	}
	return pending
}

// begin starts a send. If wait is not nil, the send has no result yet, and the caller must call wait.
func (c *Client) begin(
	ctx context.Context, queue string, payload any, cause error, opts []SendOption,
) (pending *PendingSend, wait func()) {
	o := &sendOptions{timeout: c.options.timeout}
	for _, option := range opts {
		if option != nil {
			option(o)
		}
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	onDropped := c.onDropped
	if c.callback != nil && c.callback.isCaller() {
		onDropped = c.drops.report // otherwise the function would send and drop again and again
	}
	trace, ended := c.telemetry.beginSend(ctx, queue)
	if o.trace.Traceparent == "" {
		o.trace = trace
	}
	settled := func(result Result, err *Error) *PendingSend {
		c.batcher.counts.add(result.Status)
		if ended != nil {
			ended(result, err)
		}
		return settledSend(result, err)
	}
	drop := func(err *Error) *PendingSend {
		onDropped(err, queue)
		return settled(Result{Status: StatusDropped}, err)
	}
	given := heldIn(payload)
	request, body, err := c.buildRequest(queue, payload, cause, o)
	if err != nil {
		for _, h := range given {
			ended = h.forward(queue, cause, ended)
		}
		return drop(newError(ErrInvalid, "the payload can't be encoded: "+textOf(err), err)), nil
	}
	if batch := heldFor(ctx, given, payload); len(batch) > 0 {
		sent := &comparedPayload{Payload: body}
		if held := c.ownMessage(batch, request, sent); held != nil && held.fail(outcomeOf(request, cause)) {
			return settled(Result{Status: StatusDelivery, ID: held.delivery.ID, Queue: queue}, nil), nil
		}
		if held := forwarded(batch, request, sent); held != nil {
			ended = held.forward(queue, cause, ended)
		}
	}
	if queue == "" {
		return drop(newError(ErrInvalid, "the queue is empty; give the name of a queue, such as orders", nil)), nil
	}
	p := &PendingSend{timeout: o.timeout, onDropped: onDropped, ended: ended}
	if !c.accept(p, request) {
		return drop(newError(ErrClosed, "the client is closed; send before Close", nil)), nil
	}
	return p, func() { c.batcher.wait(ctx, p) }
}

// accept makes a send pending. It returns false if the client is closed.
func (c *Client) accept(p *PendingSend, request *dlqv1.SendToDlqRequest) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return false
	}
	if c.numbers != nil {
		c.numbers.count(request)
	}
	p.sendRequest = newSendRequest(request)
	c.batcher.begin(p)
	return true
}

// Flush waits until every send so far has its result, and up to 5 s for the function of WithOnDropped. It returns an
// error if ctx ends first. In a log handler of the client it does not wait: the send may wait for the log line.
func (c *Client) Flush(ctx context.Context) error {
	if c.options.logging.Load() > 0 && isCalledBy("safeLogHandler.Handle") {
		return nil
	}
	err := c.batcher.flush(ctx)
	if c.callback != nil {
		c.callback.wait(ctx)
	}
	return err
}

// Close stops the workers, waits for pending sends, and closes the connections. If the service is available, it also
// sends spooled messages, for up to 2 s. Those that are left stay on disk. It waits up to 5 s for a running callback.
//
// When ctx ends, Close cancels handlers, moves pending sends to the spool or drops them, and returns within 3 s
// with the error of ctx.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	wasClosing := c.isClosing
	c.isClosing = true
	var workers []*Worker
	for w := range c.workers {
		workers = append(workers, w)
	}
	c.mu.Unlock()
	var all sync.WaitGroup
	errs := make([]error, len(workers))
	for i, w := range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			errs[i] = w.Shutdown(ctx)
		}()
	}
	all.Wait()
	if wasClosing && isInOutcomeCallback() {
		return nil // the other call waits for the callback
	}
	if wasClosing {
		select {
		case <-c.closed:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c.mu.Lock()
	c.isClosed = true
	c.mu.Unlock()
	err := c.batcher.flush(ctx)
	if err != nil {
		c.batcher.giveUpAll()
	}
	if c.spoolSender != nil {
		c.spoolSender.stop() // before its connection closes, which is no failure of the service
		if err == nil {
			c.spoolSender.sendRest(ctx)
		}
	}
	c.outcomes.close(ctx)
	c.channel.close()
	if c.spoolSender != nil {
		c.spoolSender.close()
	}
	c.stubs.close()
	c.unobserve()
	if c.callback != nil {
		c.callback.close(ctx)
	}
	c.drops.flush()
	close(c.closed)
	return cmp.Or(err, cmp.Or(errs...))
}

// Stubs returns the generated client of producers and workers.
func (c *Client) Stubs() dlqv1.DlqServiceClient { return c.stubs.stub }

// Admin returns the generated client of operators: queues, breakers, rules, simulations.
func (c *Client) Admin() dlqv1.DlqAdminServiceClient {
	return dlqv1.NewDlqAdminServiceClient(c.stubs.conn)
}

// register adds a running worker. It returns an error if the client closes.
func (c *Client) register(w *Worker) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosing {
		return newError(ErrClosed, "the client is closed; create a new one", nil)
	}
	c.workers[w] = true
	return nil
}

func (c *Client) unregister(w *Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.workers, w)
}
