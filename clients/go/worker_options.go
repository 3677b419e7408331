package dlq

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	defaultConcurrency  = 16
	defaultBatchSize    = 100
	maxBatchSize        = 1_000
	defaultDrainTimeout = 30 * time.Second
	// The server's limits.
	maxInFlight      = 10_000
	maxWorkerIDBytes = 128
	minLease         = time.Second
	maxLease         = 12 * time.Hour
)

// WorkerOption is an option of [Client.Worker].
type WorkerOption func(*workerOptions)

type workerOptions struct {
	concurrency      *int
	batchSize        *int
	middleware       []Middleware
	prefetch         *int
	lease            time.Duration
	maxInFlightBytes uint64
	workerID         string
	drainTimeout     time.Duration
	onError          func(*Error, *Delivery)
	onSettled        func(*Delivery, Settled)
}

// Settled is the state of a message after an outcome.
type Settled struct {
	Outcome OutcomeKind
	State   State
	// DueTime is the time of the next attempt. It is zero if there is none.
	DueTime          time.Time
	QuarantineReason QuarantineReason
	// Err is what a failed handler returned, the argument of [Fail], or a [*PanicError].
	Err error
	// Duration is how long the handler ran.
	Duration time.Duration
}

// WithConcurrency sets how many handlers run at a time. Default 16, and 1 for batch handlers.
func WithConcurrency(n int) WorkerOption { return func(o *workerOptions) { o.concurrency = &n } }

// WithBatchSize bounds the batches of [Worker.RunBatch]: 1 to 1,000. Default 100.
func WithBatchSize(n int) WorkerOption { return func(o *workerOptions) { o.batchSize = &n } }

// WithMiddleware wraps the handler of [Worker.Run]. The first is the outermost.
func WithMiddleware(middleware ...Middleware) WorkerOption {
	return func(o *workerOptions) { o.middleware = append(o.middleware, middleware...) }
}

// WithPrefetch sets how many deliveries wait in this process, so that no handler waits for the network. No other
// worker gets them meanwhile: set 0 if handlers take seconds. Default: as many as are
// handled at a time.
func WithPrefetch(n int) WorkerOption { return func(o *workerOptions) { o.prefetch = &n } }

// WithLease sets how long the server waits for an extension or an outcome before it delivers the message again,
// 1 s to 12 h. The worker extends leases. Default: the queue's (30 s).
func WithLease(lease time.Duration) WorkerOption {
	return func(o *workerOptions) { o.lease = lease }
}

// WithMaxInFlightBytes bounds the bytes of the deliveries that this worker holds. Default 64 MiB.
func WithMaxInFlightBytes(bytes uint64) WorkerOption {
	return func(o *workerOptions) { o.maxInFlightBytes = bytes }
}

// WithWorkerID sets the id in the server's logs. Default: host and process id.
func WithWorkerID(id string) WorkerOption { return func(o *workerOptions) { o.workerID = id } }

// WithDrainTimeout sets how long a stopping worker waits for its handlers before it cancels them and releases
// their messages, which the log names. Default 30 s.
func WithDrainTimeout(timeout time.Duration) WorkerOption {
	return func(o *workerOptions) { o.drainTimeout = timeout }
}

// WithOnError sets a function that is called when the handler of d fails, the outcome of d does not count, or the
// stream breaks (d is nil). It must not block. Default: a log line, for a failed handler with its stack.
func WithOnError(onError func(err *Error, d *Delivery)) WorkerOption {
	return func(o *workerOptions) { o.onError = onError }
}

// WithOnSettled sets a function that is called for each delivery whose outcome counts. It must not block.
func WithOnSettled(onSettled func(d *Delivery, settled Settled)) WorkerOption {
	return func(o *workerOptions) { o.onSettled = onSettled }
}

func (o *workerOptions) request(queues []string, batchSize int) (*dlqv1.StreamDueRequest, error) {
	if len(queues) == 0 {
		return nil, errors.New("dlq: a worker needs at least one queue")
	}
	if slices.Contains(queues, "") {
		return nil, errors.New("dlq: the name of a queue is empty")
	}
	if o.drainTimeout < 0 || o.drainTimeout > 0 && o.drainTimeout < minTimeout {
		return nil, fmt.Errorf("dlq: the drain timeout is %v; give 0, or at least 1ms such as 30*time.Second", o.drainTimeout)
	}
	if o.lease != 0 && (o.lease < minLease || o.lease > maxLease) {
		return nil, fmt.Errorf("dlq: the lease is %v; give %v to %v", o.lease, minLease, maxLease)
	}
	atOnce := min(*o.concurrency, maxInFlight) * batchSize
	if o.prefetch == nil {
		o.prefetch = &atOnce
	}
	if *o.concurrency < 1 || *o.prefetch < 0 {
		return nil, fmt.Errorf("dlq: concurrency is %d and prefetch %d; give at least 1 and 0", *o.concurrency, *o.prefetch)
	}
	if o.workerID == "" {
		host, _ := os.Hostname()
		o.workerID = fmt.Sprintf("%s-%d", host, os.Getpid())
		o.workerID = o.workerID[max(0, len(o.workerID)-maxWorkerIDBytes):]
	}
	sum := atOnce + min(*o.prefetch, maxInFlight)
	inFlight := uint32(min(sum, maxInFlight)) //nolint:gosec // bounded
	request := &dlqv1.StreamDueRequest{Queues: queues, WorkerId: validText(o.workerID), MaxInFlight: &inFlight}
	if o.lease != 0 {
		request.LeaseDuration = durationpb.New(o.lease)
	}
	if o.maxInFlightBytes != 0 {
		request.MaxInFlightBytes = &o.maxInFlightBytes
	}
	return request, nil
}
