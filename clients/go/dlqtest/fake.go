package dlqtest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Fake is a DLQ service in the process. It stores and delivers messages over a local connection. A message is due
// at once unless its send has a delay, again at once after a failed attempt, and 100 ms after a release. Of the
// retry settings it implements max_retries only. Events are those of sends and outcomes.
type Fake struct {
	tb     testing.TB
	target string
	server *grpc.Server

	mu       sync.Mutex
	messages []*fakeMessage
	events   []*dlqv1.Event
	changed  chan struct{} // closed and replaced with each change
	lastID   int
	sessions int
	isDown   bool
}

// Message is a message of a [Fake].
type Message struct {
	*dlqv1.Message
	State dlq.State
	// Failures are all reported failures, oldest first.
	Failures []*dlqv1.Failure
}

type fakeMessage struct {
	message *dlqv1.Message
	state   dlq.State
	// quarantineReason is why the message was last quarantined.
	quarantineReason dlq.QuarantineReason
	failures         []*dlqv1.Failure
	maxRetries       *uint32
	isWaiting        bool // for its due time
	requestID        string
	deliveries       uint32
	attempts         uint32
	lease            string
	session          string // of the latest delivery
}

// NewFake starts a fake and stops it at the end of the test.
func NewFake(tb testing.TB) *Fake {
	tb.Helper()
	f := StartFake()
	f.tb = tb
	tb.Cleanup(f.Stop)
	return f
}

// StartFake starts a fake without a test, such as in an example. It panics where a test would fail.
func StartFake() *Fake {
	f := &Fake{changed: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.fatal(err)
	}
	f.target = listener.Addr().String()
	service := &fakeService{Fake: f}
	f.server = grpc.NewServer(grpc.MaxRecvMsgSize(16<<20), grpc.UnaryInterceptor(service.checkUp))
	dlqv1.RegisterDlqServiceServer(f.server, service)
	go func() { _ = f.server.Serve(listener) }()
	return f
}

// Stop stops the fake.
func (f *Fake) Stop() { f.server.Stop() }

func (f *Fake) fatal(about ...any) {
	if f.tb == nil {
		panic(fmt.Sprint(about...))
	}
	f.tb.Helper()
	f.tb.Fatal(about...)
}

// Target returns the target for dlq.New.
func (f *Fake) Target() string { return f.target }

// Client returns a client of the fake without a spool, and closes it at the end of the test.
func (f *Fake) Client(opts ...dlq.Option) *dlq.Client {
	client, err := dlq.New(f.target, append([]dlq.Option{dlq.WithoutSpool()}, opts...)...)
	if err != nil {
		f.fatal(err)
	}
	if f.tb != nil {
		f.tb.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = client.Close(ctx)
		})
	}
	return client
}

// GoDown begins an outage: every call fails with UNAVAILABLE until [Fake.ComeBack].
func (f *Fake) GoDown() { f.setDown(true) }

// ComeBack ends the outage.
func (f *Fake) ComeBack() { f.setDown(false) }

func (f *Fake) setDown(isDown bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.isDown = isDown
	f.notifyLocked()
}

// Messages returns the messages of a queue, oldest first.
func (f *Fake) Messages(queue string) []Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.messagesLocked(queue)
}

func (f *Fake) messagesLocked(queue string) []Message {
	var found []Message
	for _, m := range f.messages {
		if m.message.GetQueue() == queue {
			found = append(found, Message{proto.CloneOf(m.message), m.state, append([]*dlqv1.Failure(nil), m.failures...)})
		}
	}
	return found
}

// WaitFor waits until a queue has messages and all of them are in a state, and returns them. The test fails after
// 10 s.
func (f *Fake) WaitFor(queue string, state dlq.State) []Message {
	late := time.After(10 * time.Second)
	for {
		f.mu.Lock()
		messages, changed := f.messagesLocked(queue), f.changed
		f.mu.Unlock()
		isDone := len(messages) > 0
		for _, m := range messages {
			isDone = isDone && m.State == state
		}
		if isDone {
			return messages
		}
		select {
		case <-changed:
		case <-late:
			f.fatal(fmt.Sprintf("dlqtest: the messages of %s are not all %v: %v", queue, state, messages))
		}
	}
}

// MakeDue makes all scheduled and quarantined messages due.
func (f *Fake) MakeDue() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.state == dlq.StateQuarantined {
			m.state = dlq.StateScheduled
		}
		m.isWaiting = false
	}
	f.notifyLocked()
}

func (f *Fake) notifyLocked() {
	close(f.changed)
	f.changed = make(chan struct{})
}
