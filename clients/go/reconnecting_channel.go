package dlq

import (
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// lingerTime is how long a replaced connection stays open for the answers to earlier calls.
	lingerTime = 5 * time.Second
	// minConnectionAge keeps deadlines that are too short for a busy server from costing a handshake each.
	minConnectionAge = time.Second
)

// reconnectingChannel is the connection of sends and outcomes. It replaces the connection when a call gets no
// answer in time: gRPC would find a silent peer only by pings, long after the deadlines. It also replaces a connection
// that could not be opened, so that each call tries it anew.
type reconnectingChannel struct {
	connect   dialer
	mu        sync.Mutex
	current   *connection
	lingering map[*connection]*time.Timer
	isClosed  bool
}

func newReconnectingChannel(connect dialer) (*reconnectingChannel, error) {
	current, err := connect()
	return &reconnectingChannel{connect: connect, current: current, lingering: map[*connection]*time.Timer{}}, err
}

// connection returns the current connection.
func (c *reconnectingChannel) connection() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isClosed && c.current.hasFailed() {
		c.replaceLocked()
	}
	return c.current
}

// callFailed replaces a connection if a call on it got no answer, and before the next call if it could not be opened.
func (c *reconnectingChannel) callFailed(conn *connection, err error) {
	if st := status.Convert(err); st.Code() == codes.Unavailable && !hasDetails(st) && !conn.wasUsed.Load() {
		conn.notOpened.Store(true)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed || conn != c.current || !isUnanswered(err) || time.Since(conn.createdAt) < minConnectionAge {
		return
	}
	c.replaceLocked()
}

func (c *reconnectingChannel) replaceLocked() {
	next, err := c.connect()
	if err != nil {
		return
	}
	conn := c.current
	c.current = next
	if conn.hasFailed() && !conn.wasUsed.Load() {
		conn.close() // no call waits for it
		return
	}
	c.lingering[conn] = time.AfterFunc(lingerTime, func() {
		c.mu.Lock()
		delete(c.lingering, conn)
		c.mu.Unlock()
		conn.close()
	})
}

// close closes all connections, which ends their calls.
func (c *reconnectingChannel) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isClosed = true
	c.current.close()
	for conn, timer := range c.lingering {
		timer.Stop()
		conn.close()
	}
	c.lingering = nil
}
