package dlq

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	defaultConcurrency  = 16
	defaultDrainTimeout = 30 * time.Second
	// mostInFlight is the most that the server takes.
	mostInFlight    = 10_000
	mostWorkerBytes = 128
)

// WorkerOption is an option of [Client.Worker].
type WorkerOption func(*workerOptions)

type workerOptions struct {
	concurrency      int
	prefetch         *int
	lease            time.Duration
	maxInFlightBytes uint64
	workerID         string
	drainTimeout     time.Duration
	onError          func(*Error, *Delivery)
	onSettled        func(*Delivery, Settled)
}

// Settled is what the server made of an outcome.
type Settled struct {
	Outcome OutcomeKind
	State   State
	// DueTime is when the next attempt is due, if one is.
	DueTime          time.Time
	QuarantineReason QuarantineReason
}

// WithConcurrency is how many handlers run at a time. Default 16.
func WithConcurrency(n int) WorkerOption { return func(o *workerOptions) { o.concurrency = n } }

// WithPrefetch is how many deliveries wait here for a handler, so that none waits for the network. They are
// held by this worker meanwhile: give 0 where handlers take seconds. Default: as many as run.
func WithPrefetch(n int) WorkerOption { return func(o *workerOptions) { o.prefetch = &n } }

// WithLease is how long the server waits for a sign of life, 1 s to 12 h. Default: the queue's (30 s).
func WithLease(lease time.Duration) WorkerOption {
	return func(o *workerOptions) { o.lease = lease }
}

// WithMaxInFlightBytes bounds what is in flight. Default 64 MiB.
func WithMaxInFlightBytes(bytes uint64) WorkerOption {
	return func(o *workerOptions) { o.maxInFlightBytes = bytes }
}

// WithWorkerID is shown in the server's logs. Default: host and process id.
func WithWorkerID(id string) WorkerOption { return func(o *workerOptions) { o.workerID = id } }

// WithDrainTimeout is how long a worker that stops waits for its handlers, before it cancels them and gives
// their messages back. Default 30 s.
func WithDrainTimeout(timeout time.Duration) WorkerOption {
	return func(o *workerOptions) { o.drainTimeout = timeout }
}

// WithOnError is told when the stream breaks, or an outcome does not count, with its delivery, which else is
// nil. It must not block. Default: the log.
func WithOnError(tell func(err *Error, d *Delivery)) WorkerOption {
	return func(o *workerOptions) { o.onError = tell }
}

// WithOnSettled is told what became of each delivery whose outcome counts. It must not block.
func WithOnSettled(tell func(d *Delivery, settled Settled)) WorkerOption {
	return func(o *workerOptions) { o.onSettled = tell }
}

func (o *workerOptions) request(queues []string) (*dlqv1.StreamDueRequest, error) {
	if len(queues) == 0 {
		return nil, errors.New("dlq: a worker needs at least one queue")
	}
	if o.prefetch == nil {
		o.prefetch = &o.concurrency
	}
	if o.concurrency < 1 || *o.prefetch < 0 {
		return nil, fmt.Errorf("dlq: concurrency is %d and prefetch %d; give at least 1 and 0", o.concurrency, *o.prefetch)
	}
	if o.workerID == "" {
		host, _ := os.Hostname()
		o.workerID = fmt.Sprintf("%s-%d", host, os.Getpid())
		o.workerID = o.workerID[max(0, len(o.workerID)-mostWorkerBytes):]
	}
	both := min(o.concurrency, mostInFlight) + min(*o.prefetch, mostInFlight)
	inFlight := uint32(min(both, mostInFlight)) //nolint:gosec // bounded
	request := &dlqv1.StreamDueRequest{Queues: queues, WorkerId: validText(o.workerID), MaxInFlight: &inFlight}
	if o.lease != 0 {
		request.LeaseDuration = durationpb.New(o.lease)
	}
	if o.maxInFlightBytes != 0 {
		request.MaxInFlightBytes = &o.maxInFlightBytes
	}
	return request, nil
}
