package dlq

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Sender is what code needs that only hands over messages: a [Client], or a fake of your own.
type Sender interface {
	Send(ctx context.Context, queue string, payload any, cause error, opts ...SendOption) (Result, error)
}

var _ Sender = (*Client)(nil)

// Client is a client of one deployment of the service. Make one and share it: it is safe for concurrent
// use.
type Client struct {
	options   options
	origin    *dlqv1.Origin
	connect   dialer
	line      *line
	own       *wire // the caller's: never replaced under his calls
	batcher   *batcher
	courier   *courier     // nil without a spool
	numbers   *sendNumbers // nil without a spool
	dropLog   *dropLog
	onDropped func(err *Error, queue string)

	mu        sync.Mutex
	workers   map[*Worker]bool
	isClosing bool
	isClosed  bool
	closed    chan struct{} // once there is nothing left of it
}

// New makes a client of the server at a target as gRPC has them, mostly host:port. It connects with its
// first call, and fails only if the target or an option makes no sense.
func New(target string, opts ...Option) (*Client, error) {
	o, err := optionsOf(opts)
	if err != nil {
		return nil, err
	}
	if target == "" {
		return nil, errors.New("dlq: the target is empty; give one such as localhost:50051")
	}
	connect, err := newDialer(target, &o)
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, connect: connect, workers: map[*Worker]bool{}, closed: make(chan struct{})}
	if o.service != "" || o.instance != "" || o.version != "" {
		c.origin = &dlqv1.Origin{
			Service: validText(o.service), Instance: validText(o.instance), Version: validText(o.version),
		}
	}
	c.dropLog = &dropLog{logger: o.logger}
	c.onDropped = c.dropLog.dropped
	if o.onDropped != nil {
		c.onDropped = func(err *Error, queue string) {
			tell(o.logger, "WithOnDropped", func() { o.onDropped(err, queue) })
		}
	}
	if c.line, err = newLine(connect); err != nil {
		return nil, err
	}
	if c.own, err = connect(); err != nil {
		c.line.close()
		return nil, err
	}
	reach := &reachability{}
	setup := &batcher{
		line: c.line, reach: reach, bounds: o.coalescing, tryTimeout: o.tryTimeout, onDropped: c.onDropped,
	}
	if o.spool != nil {
		c.numbers = newSendNumbers()
		c.courier = startCourier(spool.Settings{
			Target: spoolTarget(target), Service: o.service,
			Folder: o.spool.Folder, MaxBytes: orDefault(o.spool.MaxBytes, defaultSpoolBytes), Sync: o.spool.Sync,
			Tell: func(words string, about ...any) { o.logger.Warn("dlq spool: "+words, about...) },
		}, c.line, reach, c.onDropped)
		setup.shelter = c.courier
	}
	c.batcher = newBatcher(setup)
	return c, nil
}

// Send hands over a message that could not be processed, and why. The payload is text, bytes, a [Payload], a
// [*Delivery], or anything that encoding/json takes; cause is any error, or nil.
//
// The error is nil if the message is kept: by the service, or by the spool of this machine. Else it is an
// [*Error], and the status of the result is [StatusDropped].
//
// Send waits for the answer, by default 5 s at most. When ctx ends before, a client with a spool keeps the
// message there. A context that has ended already, as it often has where it is why the message failed, does
// not count. Within a handler pass on its context: a send of the message that it works on becomes the
// outcome of that delivery.
func (c *Client) Send(
	ctx context.Context, queue string, payload any, cause error, opts ...SendOption,
) (Result, error) {
	pending, wait := c.begin(ctx, queue, payload, cause, opts)
	if wait != nil {
		wait()
	}
	return pending.Result()
}

// SendAsync is [Client.Send] without waiting: the result comes later, or is not asked for. The payload is
// read before it returns. Of ctx only the values count: it may end, as with the request that it is of, while the
// send goes on. [Client.Flush] waits for all such sends.
func (c *Client) SendAsync(
	ctx context.Context, queue string, payload any, cause error, opts ...SendOption,
) *Pending {
	pending, wait := c.begin(context.WithoutCancel(ctx), queue, payload, cause, opts)
	if wait != nil {
		go wait()
	}
	return pending
}

// begin gives what is to be called, if there is no result yet.
func (c *Client) begin(
	ctx context.Context, queue string, payload any, cause error, opts []SendOption,
) (pending *Pending, wait func()) {
	o := &sendOptions{timeout: c.options.timeout}
	for _, option := range opts {
		option(o)
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	request, body, err := c.requestOf(ctx, queue, payload, cause, o)
	if err != nil {
		return c.dropped(newError(ErrInvalid, "the payload can't be sent: "+err.Error(), err), queue), nil
	}
	if held := c.sameAsCurrent(ctx, request, body); held != nil && held.send(outcomeOf(request, cause)) {
		return ended(Result{Status: StatusDelivery, ID: held.delivery.ID, Queue: queue}, nil), nil
	}
	p := c.accept(request, o.timeout)
	if p == nil {
		closed := newError(ErrClosed, "the client is closed; send before that", nil)
		return c.dropped(closed, queue), nil
	}
	return &Pending{p}, func() { c.batcher.wait(ctx, p) }
}

// accept gives nil once the client is closed.
func (c *Client) accept(request *dlqv1.SendToDlqRequest, timeout time.Duration) *pendingSend {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return nil
	}
	if c.numbers != nil {
		c.numbers.count(request)
	}
	return c.batcher.begin(letterOf(request), timeout)
}

func (c *Client) dropped(err *Error, queue string) *Pending {
	c.onDropped(err, queue)
	return ended(Result{Status: StatusDropped}, err)
}

// sameAsCurrent is the delivery that the context's handler works on, if a request is of the same message: then
// it is no second message.
func (c *Client) sameAsCurrent(ctx context.Context, request *dlqv1.SendToDlqRequest, payload Payload) *held {
	h := heldOf(ctx)
	if h == nil || h.client != c || h.delivery.Queue != request.GetQueue() {
		return nil
	}
	if h.delivery.SourceID != "" && request.GetSourceId() != "" {
		if h.delivery.SourceID == request.GetSourceId() {
			return h
		}
		return nil
	}
	if samePayload(h.delivery.Payload, payload) {
		return h
	}
	return nil
}

// outcomeOf: the message is there already, and its handler has it, so the failure is reported, not sent.
func outcomeOf(request *dlqv1.SendToDlqRequest, cause error) *outcome {
	failure := request.GetFailure()
	if failure == nil {
		failure = &dlqv1.Failure{}
	}
	reason := failure.GetReason()
	quarantines := reason == ReasonPoisonMessage || reason == ReasonMaxRetriesExceeded
	failed := &dlqv1.Failed{Failure: failure, NonRetryable: quarantines || isNonRetryable(cause)}
	if delay := request.GetDelay(); delay != nil {
		failed.RetryAfter = durationpb.New(bounded(delay.AsDuration()))
	} else if due := request.GetDueTime(); due != nil {
		failed.RetryAfter = durationpb.New(bounded(time.Until(due.AsTime())))
	}
	return &outcome{kind: Failed, failed: failed}
}

// Flush waits until everything sent so far has its result, or ctx ends.
func (c *Client) Flush(ctx context.Context) error { return c.batcher.flush(ctx) }

// Close stops the workers, waits for what is pending, moves the rest to the spool, and ends. When ctx ends it
// waits no longer for handlers and sends: cancelling and reporting what has not ended by then takes 3 s
// more at most. It then returns the error of ctx, for handlers may have been cancelled, and sends may be in the spool,
// or dropped.
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
	hastened := make([]error, len(workers))
	for at, w := range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			hastened[at] = w.Shutdown(ctx)
		}()
	}
	all.Wait()
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
	if c.courier != nil {
		c.courier.end() // before its connection ends: that is no failure of the service
	}
	c.line.close()
	if c.courier != nil {
		c.courier.close()
	}
	c.own.close()
	c.dropLog.flush()
	close(c.closed)
	for _, by := range hastened {
		if err == nil {
			err = by
		}
	}
	return err
}

// Stubs is the generated client of producers and workers, for every call as it is.
func (c *Client) Stubs() dlqv1.DlqServiceClient { return c.own.stub }

// Admin is the generated client of operators: queues, breakers, rules, simulations.
func (c *Client) Admin() dlqv1.DlqAdminServiceClient {
	return dlqv1.NewDlqAdminServiceClient(c.own.conn)
}

// register fails once the client closes.
func (c *Client) register(w *Worker) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosing {
		return newError(ErrClosed, "the client is closed; make another one", nil)
	}
	c.workers[w] = true
	return nil
}

func (c *Client) forget(w *Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.workers, w)
}
