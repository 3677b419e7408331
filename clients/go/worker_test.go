package dlq_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
)

// work runs a worker until the test ends.
func work(t *testing.T, client *dlq.Client, handler dlq.Handler, opts ...dlq.WorkerOption) *dlq.Worker {
	t.Helper()
	worker := client.Worker([]string{"orders"}, opts...)
	done := make(chan error, 1)
	go func() { done <- worker.Run(context.Background(), handler) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = worker.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return worker
}

func send(t *testing.T, client *dlq.Client, payload any, opts ...dlq.SendOption) {
	t.Helper()
	if _, err := client.Send(t.Context(), "orders", payload, errors.New("first"), opts...); err != nil {
		t.Fatal(err)
	}
}

func TestHandlerReturnIsOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		handler dlq.Handler
		state   dlq.State
	}{
		"nil":           {func(context.Context, *dlq.Delivery) error { return nil }, dlq.StateSucceeded},
		"discard":       {func(context.Context, *dlq.Delivery) error { return dlq.Discard("old") }, dlq.StateDiscarded},
		"quarantine":    {func(context.Context, *dlq.Delivery) error { return dlq.Quarantine("look") }, dlq.StateQuarantined},
		"release":       {func(context.Context, *dlq.Delivery) error { return dlq.Release(time.Hour) }, dlq.StateScheduled},
		"an error":      {func(context.Context, *dlq.Delivery) error { return errors.New("no") }, dlq.StateQuarantined},
		"a panic":       {func(context.Context, *dlq.Delivery) error { panic("no") }, dlq.StateQuarantined},
		"non-retryable": {func(context.Context, *dlq.Delivery) error { return dlq.NonRetryable(errors.New("no")) }, dlq.StateQuarantined},
		"retry after":   {func(context.Context, *dlq.Delivery) error { return dlq.RetryAfter(errors.New("no"), time.Hour) }, dlq.StateScheduled},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client()
			settled := make(chan dlq.Settled, 10)
			work(t, client, c.handler, dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
			send(t, client, "a", dlq.WithMaxRetries(2))
			fake.WaitFor("orders", c.state)
			if got := <-settled; got.State != c.state && name != "an error" && name != "a panic" {
				t.Errorf("settled as %+v", got)
			}
		})
	}
}

func TestHandlerReceivesMessage(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	seen := make(chan *dlq.Delivery, 1)
	work(t, client, func(_ context.Context, d *dlq.Delivery) error {
		seen <- d
		return nil
	})
	send(t, client, []byte{0xff, 0xfe}, dlq.WithSourceID("order-1"), dlq.WithOrderingKey("c7"),
		dlq.WithAttributes(map[string]string{"tenant": "acme"}),
		dlq.WithTraceContext(dlq.TraceContext{Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}))
	d := <-seen
	if string(d.Payload.Bytes()) != "\xff\xfe" || d.SourceID != "order-1" || d.OrderingKey != "c7" ||
		d.Attributes["tenant"] != "acme" || d.Attempt != 1 || d.DeliveryNumber != 1 || d.TraceContext.Traceparent == "" ||
		d.LatestFailure.GetMessage() != "first" || time.Until(d.LeaseExpireTime()) < time.Minute {
		t.Errorf("got %+v", d)
	}
}

func TestSendOfOwnMessageIsOutcome(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	charge := dlq.DeadLetter(client, "orders", func(context.Context, *dlq.Delivery) error { return errors.New("again") })
	work(t, client, charge)
	send(t, client, `{"order": 1}`, dlq.WithMaxRetries(1))
	messages := fake.WaitFor("orders", dlq.StateQuarantined)
	if len(messages) != 1 || messages[0].GetFailure().GetMessage() != "again" {
		t.Errorf("got %v", messages)
	}
}

func TestShutdownWaitsForHandlersAndReleasesWaiting(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	begun, end := make(chan struct{}, 3), make(chan struct{})
	worker := work(t, client, func(context.Context, *dlq.Delivery) error {
		begun <- struct{}{}
		<-end
		return nil
	}, dlq.WithConcurrency(1), dlq.WithPrefetch(2))
	for _, payload := range []string{"a", "b", "c"} {
		send(t, client, payload)
	}
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- worker.Shutdown(t.Context()) }()
	close(end)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	states := map[dlq.State]int{}
	for _, m := range fake.Messages("orders") {
		states[m.State]++
	}
	if states[dlq.StateInFlight] != 0 || states[dlq.StateSucceeded] == 0 {
		t.Errorf("got %v", states)
	}
}

func TestShutdownWithEndedContextCancelsHandlersAndReleases(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	begun := make(chan struct{})
	var cause atomic.Value
	worker := work(t, client, func(ctx context.Context, _ *dlq.Delivery) error {
		close(begun)
		<-ctx.Done()
		cause.Store(context.Cause(ctx))
		return ctx.Err()
	})
	send(t, client, "a")
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := worker.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err, _ := cause.Load().(error); !errors.Is(err, dlq.ErrClosed) {
		t.Errorf("the cause is %v", err)
	}
	if m := fake.Messages("orders")[0]; m.State != dlq.StateScheduled || len(m.Failures) != 1 {
		t.Errorf("got %v", m)
	}
}

func TestWorkerContinuesAfterOutage(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	work(t, client, func(context.Context, *dlq.Delivery) error { return nil },
		dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) {
			if !errors.Is(err, dlq.ErrConnection) {
				t.Error(err)
			}
		}))
	send(t, client, "a")
	fake.WaitFor("orders", dlq.StateSucceeded)
	fake.GoDown()
	fake.ComeBack()
	send(t, client, "b")
	if got := len(fake.WaitFor("orders", dlq.StateSucceeded)); got != 2 {
		t.Errorf("%d messages", got)
	}
}

func TestWorkerShutDownBeforeRunDoesNothing(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	send(t, client, "a")
	worker := client.Worker([]string{"orders"})
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	handler := func(context.Context, *dlq.Delivery) error { return errors.New("the handler ran") }
	if err := worker.Run(t.Context(), handler); err != nil {
		t.Errorf("Run after Shutdown returned %v", err)
	}
	if err := worker.Run(t.Context(), handler); err == nil {
		t.Error("a second Run returned no error")
	}
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if message := fake.Messages("orders")[0]; message.State != dlq.StateScheduled || len(message.Failures) != 1 {
		t.Errorf("got %v", message)
	}
}

func TestCloseWithEndedContextReturnsItsError(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	begun := make(chan struct{})
	work(t, client, func(ctx context.Context, _ *dlq.Delivery) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	send(t, client, "a")
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// ackIgnorer delivers one message and never answers its outcome.
type ackIgnorer struct{ leaseLoser }

func (*ackIgnorer) Ack(ctx context.Context, _ *dlqv1.AckRequest) (*dlqv1.AckResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCloseWithEndedContextDoesNotWaitForAcks(t *testing.T) {
	client := clientOf(t, &ackIgnorer{})
	handled := make(chan struct{})
	reported := make(chan *dlq.Error, 10)
	work(t, client, func(context.Context, *dlq.Delivery) error {
		close(handled)
		return nil
	}, dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) { reported <- err }))
	<-handled
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := client.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("Close took %v, more than the documented 3 s", took)
	}
	if err := <-reported; !errors.Is(err, dlq.ErrConnection) || !strings.Contains(err.Error(), "before the server answered") {
		t.Errorf("reported %v", err)
	}
}

// inFlightRecorder records the MaxInFlight of workers.
type inFlightRecorder struct {
	dlqv1.UnimplementedDlqServiceServer
	bounds chan uint32
}

func (s *inFlightRecorder) StreamDue(r *dlqv1.StreamDueRequest, stream grpc.ServerStreamingServer[dlqv1.StreamDueResponse]) error {
	s.bounds <- r.GetMaxInFlight()
	<-stream.Context().Done()
	return stream.Context().Err()
}

func TestMaxInFlightIsLimitedToServerMaximum(t *testing.T) {
	service := &inFlightRecorder{bounds: make(chan uint32, 1)}
	client := clientOf(t, service)
	work(t, client, func(context.Context, *dlq.Delivery) error { return nil }, dlq.WithConcurrency(math.MaxInt))
	if got := <-service.bounds; got != 10_000 {
		t.Errorf("max_in_flight is %d", got)
	}
}

// A program may stop its worker when the log shows that it can't work.
func TestShutdownInCallbackEnds(t *testing.T) {
	client, err := dlq.New(closedTarget(t), dlq.WithoutSpool(), dlq.WithLogger(noLog()))
	if err != nil {
		t.Fatal(err)
	}
	var worker *dlq.Worker
	worker = client.Worker([]string{"orders"}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {
		_ = worker.Shutdown(context.Background())
	}))
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(context.Background(), func(context.Context, *dlq.Delivery) error { return nil })
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the worker waits for its callback, and the callback for the worker")
	}
}
