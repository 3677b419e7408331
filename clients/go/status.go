package dlq

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/status"
)

// pingQueue is the queue whose counts a ping reads. It need not exist.
const pingQueue = "ping"

// ClientStatus is the state of a client, for health checks and metrics of the program.
type ClientStatus struct {
	// IsAvailable is false while calls fail, so that sends go to the spool at once. True before the first call.
	IsAvailable bool
	// LastError says why the service is unavailable. It is nil if it is available.
	LastError error
	// Spool is what this client still has to send. It is nil without a spool.
	Spool *SpoolUsage
	// Sends is the number of sends since the start, by status.
	Sends map[Status]int64
}

// SpoolUsage is what a client still has to send from its spool.
type SpoolUsage struct {
	Messages int
	Bytes    int64
	// OldestAge is the age of the oldest file or message in memory. It is 0 if there is none.
	OldestAge time.Duration
}

// Status returns the state of the client. It makes no call; it may wait for a write to the spool.
func (c *Client) Status() ClientStatus {
	s := ClientStatus{IsAvailable: true, Sends: c.batcher.counts.clone()}
	if reason := c.batcher.reach.lastError(); reason != nil && c.batcher.reach.isUnavailable() {
		s.IsAvailable, s.LastError = false, unansweredError(c.target, reason)
	}
	if c.spoolSender != nil {
		usage := c.spoolSender.store.Usage()
		s.Spool = &SpoolUsage{usage.Messages, usage.Bytes, usage.OldestAge}
	}
	return s
}

// Ping asks the service once, with the token, and the service its store. The error is an [*Error], whose text says
// what to do. Ping waits as long as a send, unless ctx ends first.
func (c *Client) Ping(ctx context.Context) error {
	c.mu.Lock()
	isClosed := c.isClosed
	c.mu.Unlock()
	if isClosed {
		return newError(ErrClosed, "the client is closed; create a new one", nil)
	}
	callCtx, cancel := context.WithTimeout(ctx, c.options.timeout)
	defer cancel()
	conn, began := c.channel.connection(), time.Now()
	_, err := conn.stub.Stats(callCtx, &dlqv1.StatsRequest{Queues: []string{pingQueue}})
	if err == nil {
		c.batcher.reach.answered(began)
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return newError(ErrAborted, "the context of the ping ended: "+textOf(context.Cause(ctx)), context.Cause(ctx))
	}
	c.channel.callFailed(conn, err)
	if !isRetryable(err) {
		return refusalOf(err, false)
	}
	return unansweredError(c.target, err)
}

// unansweredError is the error of a service that is unavailable. cause is that of the latest call.
func unansweredError(target string, cause error) *Error {
	text := target + " does not answer: "
	if hasDetails(status.Convert(cause)) {
		text = "the service at " + target + " is unavailable: "
	}
	err := newError(ErrConnection, text+messageOf(cause)+"; is the server up?", cause)
	err.Code = status.Code(cause)
	return err
}

// sendCounts counts sends by status. The zero value is ready.
type sendCounts struct {
	mu       sync.Mutex
	byStatus map[Status]int64
}

func (c *sendCounts) add(s Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byStatus == nil {
		c.byStatus = map[Status]int64{}
	}
	c.byStatus[s]++
}

func (c *sendCounts) clone() map[Status]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.byStatus)
}
