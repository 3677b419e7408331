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

// Fake is a service in the process: it takes messages, hands them out, and keeps what became of them, for a real
// client over a connection of this machine. Messages are due at once unless a send says a delay, and
// again at once after a failed attempt, and soon after they were released. Of retries it knows max_retries alone.
type Fake struct {
	tb     testing.TB
	target string
	server *grpc.Server

	mu       sync.Mutex
	messages []*fakeMessage
	changed  chan struct{} // closed and made anew with each change
	lastID   int
	sessions int
	isDown   bool
}

// Message is what a [Fake] has of a message.
type Message struct {
	*dlqv1.Message
	State dlq.State
	// Failures are all that were reported, the first one first.
	Failures []*dlqv1.Failure
}

type fakeMessage struct {
	message    *dlqv1.Message
	state      dlq.State
	failures   []*dlqv1.Failure
	maxRetries *uint32
	isWaiting  bool // for Retry
	requestID  string
	deliveries uint32
	attempts   uint32
	lease      string
	session    string // that it was handed out to
}

// NewFake starts it, and ends it with the test.
func NewFake(tb testing.TB) *Fake {
	tb.Helper()
	f := StartFake()
	f.tb = tb
	tb.Cleanup(f.Stop)
	return f
}

// StartFake is for where there is no test, such as in examples. What a test would fail on panics.
func StartFake() *Fake {
	f := &Fake{changed: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.fatal(err)
	}
	f.target = listener.Addr().String()
	service := &fakeService{Fake: f}
	f.server = grpc.NewServer(grpc.MaxRecvMsgSize(16<<20), grpc.UnaryInterceptor(service.whileUp))
	dlqv1.RegisterDlqServiceServer(f.server, service)
	go func() { _ = f.server.Serve(listener) }()
	return f
}

// Stop ends it.
func (f *Fake) Stop() { f.server.Stop() }

func (f *Fake) fatal(about ...any) {
	if f.tb == nil {
		panic(fmt.Sprint(about...))
	}
	f.tb.Helper()
	f.tb.Fatal(about...)
}

// Target is for dlq.New.
func (f *Fake) Target() string { return f.target }

// Client makes a client of it without a spool, and closes it with the test.
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

// GoDown is an outage: every call fails as UNAVAILABLE until [Fake.ComeBack].
func (f *Fake) GoDown() { f.setDown(true) }

// ComeBack ends an outage.
func (f *Fake) ComeBack() { f.setDown(false) }

func (f *Fake) setDown(isDown bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.isDown = isDown
	f.tellLocked()
}

// Messages are those of a queue, the first one first.
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

// WaitFor waits until every message of a queue, and at least one, is in that state. The test fails if that takes
// 10 s.
func (f *Fake) WaitFor(queue string, state dlq.State) []Message {
	late := time.After(10 * time.Second)
	for {
		f.mu.Lock()
		messages, changed := f.messagesLocked(queue), f.changed
		f.mu.Unlock()
		isSo := len(messages) > 0
		for _, m := range messages {
			isSo = isSo && m.State == state
		}
		if isSo {
			return messages
		}
		select {
		case <-changed:
		case <-late:
			f.fatal(fmt.Sprintf("dlqtest: the messages of %s are not all %v: %v", queue, state, messages))
		}
	}
}

// MakeDue makes all messages due that wait or are quarantined.
func (f *Fake) MakeDue() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.state == dlq.StateQuarantined {
			m.state = dlq.StateScheduled
		}
		m.isWaiting = false
	}
	f.tellLocked()
}

func (f *Fake) tellLocked() {
	close(f.changed)
	f.changed = make(chan struct{})
}
