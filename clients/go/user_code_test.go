package dlq_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

// Code of the user, such as errors and callbacks, can neither end the program nor lose the message.

type circularError struct{ text string }

func (e *circularError) Error() string { return e.text }
func (e *circularError) Unwrap() error { return e }

type panickingError struct{}

func (panickingError) Error() string             { panic("Error") }
func (panickingError) Unwrap() error             { panic("Unwrap") }
func (panickingError) RetryAfter() time.Duration { panic("RetryAfter") }
func (panickingError) NonRetryable() bool        { panic("NonRetryable") }

type panickingPayload struct{}

func (panickingPayload) MarshalJSON() ([]byte, error) { panic("MarshalJSON") }

func TestSendAcceptsAnyError(t *testing.T) {
	for name, cause := range map[string]error{"circular": &circularError{"again"}, "panics": panickingError{}} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			if _, err := fake.Client().Send(t.Context(), "orders", "a", cause); err != nil {
				t.Fatal(err)
			}
			if failure := fake.Messages("orders")[0].GetFailure(); failure.GetMessage() == "" || failure.GetType() == "" {
				t.Errorf("got %v", failure)
			}
		})
	}
}

func TestHandlerMayReturnAnyError(t *testing.T) {
	for name, cause := range map[string]error{"circular": &circularError{"again"}, "panics": panickingError{}} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client()
			work(t, client, func(context.Context, *dlq.Delivery) error { return cause })
			send(t, client, "a", dlq.WithMaxRetries(1))
			fake.WaitFor("orders", dlq.StateQuarantined)
		})
	}
}

func TestPanickingPayloadIsInvalid(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	if _, err := client.Send(t.Context(), "orders", panickingPayload{}, nil); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestSendAsyncReadsPayloadBeforeItReturns(t *testing.T) {
	fake := dlqtest.NewFake(t)
	fake.GoDown()
	client := fake.Client()
	buffer := []byte("order-1")
	policy := &dlq.RetryPolicy{Preset: "slow"}
	pending := client.SendAsync(t.Context(), "orders", buffer, nil, dlq.WithRetryPolicy(policy))
	copy(buffer, "ORDER-2")
	policy.Preset = "\xff"
	fake.ComeBack()
	if _, err := pending.Result(); err != nil {
		t.Fatal(err)
	}
	if got := string(fake.Messages("orders")[0].GetPayload().GetData()); got != "order-1" {
		t.Errorf("got %q", got)
	}
}

func TestCallbacksMayPanic(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithLogger(noLog()), dlq.WithOnDropped(func(*dlq.Error, string) { panic("dropped") }))
	if _, err := client.Send(t.Context(), "", "a", nil); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	work(t, client, func(context.Context, *dlq.Delivery) error { return nil },
		dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { panic("settled") }),
		dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) { panic("error") }))
	send(t, client, "a")
	fake.WaitFor("orders", dlq.StateSucceeded)
	fake.GoDown()
	fake.ComeBack()
	send(t, client, "b")
	fake.WaitFor("orders", dlq.StateSucceeded)
}

func TestDeliveryIsSentAsItsPayload(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
		_, err := client.Send(ctx, "later", d, errors.New("not now"))
		return err
	})
	send(t, client, map[string]int{"order": 42})
	fake.WaitFor("orders", dlq.StateSucceeded)
	if payload := fake.Messages("later")[0].GetPayload(); payload.GetText() != `{"order":42}` || payload.GetContentType() != "application/json" {
		t.Errorf("got %v", payload)
	}
}

func TestHandlerThatEndsItsGoroutineFails(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	worker := work(t, client, func(context.Context, *dlq.Delivery) error {
		runtime.Goexit() // as t.FailNow does
		return nil
	}, dlq.WithConcurrency(1))
	send(t, client, "a", dlq.WithMaxRetries(1))
	fake.WaitFor("orders", dlq.StateQuarantined)
	send(t, client, "b", dlq.WithMaxRetries(1))
	fake.WaitFor("orders", dlq.StateQuarantined)
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSendAfterHandlerIsNewMessage(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	contexts := make(chan context.Context, 1)
	settled := make(chan struct{}, 2)
	work(t, client, func(ctx context.Context, _ *dlq.Delivery) error {
		contexts <- ctx
		return nil
	}, dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { settled <- struct{}{} }))
	send(t, client, "a")
	ctx := <-contexts
	<-settled
	result, err := client.Send(ctx, "orders", "a", errors.New("too late"), dlq.WithDelay(time.Hour))
	if err != nil || result.Status != dlq.StatusSent || len(fake.Messages("orders")) != 2 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestFlushEndsWithItsContext(t *testing.T) {
	fake := dlqtest.NewFake(t)
	fake.GoDown()
	client := fake.Client()
	pending := client.SendAsync(t.Context(), "orders", "a", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	fake.ComeBack()
	if err := client.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	select {
	case <-pending.Done():
	default:
		t.Error("the send has no result after Flush")
	}
	if err := errors.Join(client.Close(t.Context()), client.Flush(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestCloseWithEndedContextDropsPendingSends(t *testing.T) {
	fake := dlqtest.NewFake(t)
	fake.GoDown()
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	pending := client.SendAsync(t.Context(), "orders", "a", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := pending.Result(); !errors.Is(err, dlq.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Errorf("the second Close returned %v", err)
	}
}

func TestCallbacksMayEndTheirGoroutine(t *testing.T) {
	fake := dlqtest.NewFake(t)
	exit := func(*dlq.Error, *dlq.Delivery) { runtime.Goexit() } // as t.FailNow does
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) { runtime.Goexit() }))
	if _, err := client.SendAsync(t.Context(), "", "a", nil).Result(); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	worker := work(t, client, func(context.Context, *dlq.Delivery) error { return nil }, dlq.WithOnError(exit),
		dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { runtime.Goexit() }))
	for range 10 { // more than concurrent calls
		send(t, client, "a")
		fake.WaitFor("orders", dlq.StateSucceeded)
	}
	fake.GoDown()
	fake.ComeBack()
	send(t, client, "b")
	fake.WaitFor("orders", dlq.StateSucceeded)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := worker.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// A job may end right after Close, and its log must show the drops.
func TestFlushReportsDropsBeforeItReturns(t *testing.T) {
	fake := dlqtest.NewFake(t)
	reporting, flushed := make(chan struct{}), make(chan struct{})
	wasTooEarly := make(chan bool, 1)
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {
		close(reporting)
		select {
		case <-flushed:
			wasTooEarly <- true
		case <-time.After(50 * time.Millisecond):
			wasTooEarly <- false
		}
	}))
	pending := client.SendAsync(t.Context(), "", "a", nil)
	<-reporting
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(flushed)
	if <-wasTooEarly {
		t.Error("Flush returned before the callback")
	}
	select {
	case <-pending.Done():
	default:
		t.Error("the send has no result after Flush")
	}
}

// badTelemetry panics in one of its functions.
type badTelemetry struct{ panicsIn string }

func (b badTelemetry) call(name string) {
	if b.panicsIn == name {
		panic(name)
	}
}

func (b badTelemetry) BeginSend(context.Context, string) (dlq.TraceContext, func(dlq.Result, *dlq.Error)) {
	b.call("BeginSend")
	return dlq.TraceContext{}, func(dlq.Result, *dlq.Error) { b.call("sent") }
}

func (b badTelemetry) BeginHandler(ctx context.Context, _ []*dlq.Delivery) (context.Context, func([]dlq.Handled)) {
	b.call("BeginHandler")
	return ctx, func([]dlq.Handled) { b.call("handled") }
}

func (b badTelemetry) Observe(string, func() dlq.ClientStatus) func() {
	b.call("Observe")
	return func() { b.call("stop") }
}

// emptyTelemetry returns nothing.
type emptyTelemetry struct{}

func (emptyTelemetry) BeginSend(context.Context, string) (dlq.TraceContext, func(dlq.Result, *dlq.Error)) {
	return dlq.TraceContext{}, nil
}

func (emptyTelemetry) BeginHandler(context.Context, []*dlq.Delivery) (context.Context, func([]dlq.Handled)) {
	return nil, nil
}

func (emptyTelemetry) Observe(string, func() dlq.ClientStatus) func() { return nil }

func TestPanickingTelemetryLosesOnlyItsSpan(t *testing.T) {
	all := map[string]dlq.Telemetry{"returns nil": emptyTelemetry{}}
	for _, name := range []string{"BeginSend", "sent", "BeginHandler", "handled", "Observe", "stop"} {
		all[name] = badTelemetry{panicsIn: name}
	}
	for name, telemetry := range all {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client(dlq.WithLogger(noLog()), dlq.WithTelemetry(telemetry))
			work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
				_, err := client.Send(ctx, d.Queue, d, errors.New("once more")) // the context has the delivery
				return err
			})
			send(t, client, "a", dlq.WithMaxRetries(1))
			send(t, client, "b", dlq.WithMaxRetries(1))
			if got := len(fake.WaitFor("orders", dlq.StateQuarantined)); got != 2 {
				t.Errorf("%d messages", got)
			}
			if err := client.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSendEndsWithContextOfAnyCause(t *testing.T) {
	begun, end := make(chan struct{}, 10), make(chan struct{})
	server := startScripted(t, func(*dlqv1.SendToDlqRequest) error {
		begun <- struct{}{}
		<-end
		return nil
	})
	defer close(end)
	client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithSendTimeout(time.Minute), dlq.WithLogger(noLog()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-begun
		cancel(panickingError{})
	}()
	if _, err := client.Send(ctx, "orders", "a", nil); !errors.Is(err, dlq.ErrAborted) {
		t.Errorf("got %v", err)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
