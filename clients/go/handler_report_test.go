package dlq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func TestFailedHandlerIsReportedOnce(t *testing.T) {
	noStock := errors.New("no stock")
	for name, c := range map[string]struct {
		handler    dlq.Handler
		isReported bool
	}{
		"an error":    {func(context.Context, *dlq.Delivery) error { return noStock }, true},
		"a panic":     {func(context.Context, *dlq.Delivery) error { panic(noStock) }, true},
		"retry after": {func(context.Context, *dlq.Delivery) error { return dlq.RetryAfter(noStock, time.Hour) }, true},
		"fail":        {func(context.Context, *dlq.Delivery) error { return dlq.Fail(noStock) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client()
			reported, settled := make(chan *dlq.Error, 10), make(chan dlq.Settled, 1)
			work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
				time.Sleep(time.Millisecond)
				return c.handler(ctx, d)
			}, dlq.WithOnError(func(err *dlq.Error, d *dlq.Delivery) {
				if d == nil || d.Attempt != 1 {
					t.Errorf("reported %v of %v", err, d)
				}
				reported <- err
			}), dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
			send(t, client, "a", dlq.WithMaxRetries(1))
			if s := <-settled; s.Outcome != dlq.Failed || !errors.Is(s.Err, noStock) || s.Duration < time.Millisecond {
				t.Errorf("settled as %+v", s)
			}
			if (len(reported) == 1) != c.isReported {
				t.Fatalf("%d reports", len(reported))
			}
			if !c.isReported {
				return
			}
			want := `dlq: the handler failed: message ` + fake.Messages("orders")[0].GetId() + ` of queue "orders", attempt 1`
			if err := <-reported; !errors.Is(err, dlq.ErrHandlerFailed) || err.Error() != want || !errors.Is(err, noStock) {
				t.Errorf("reported %v", err)
			}
		})
	}
}

// A stopping worker cancels its handlers. That says nothing about their messages.
func TestCancelledHandlerIsNotReported(t *testing.T) {
	client := dlqtest.NewFake(t).Client()
	begun := make(chan struct{})
	worker := work(t, client, func(ctx context.Context, _ *dlq.Delivery) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}, dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) { t.Errorf("reported %v", err) }))
	send(t, client, "a")
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := worker.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
