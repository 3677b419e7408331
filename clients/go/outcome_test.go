package dlq_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// outcomeOf returns what becomes of a message whose handler returns err.
func outcomeOf(t *testing.T, err error, opts ...dlq.WorkerOption) dlq.Settled {
	t.Helper()
	client := dlqtest.NewFake(t).Client(dlq.WithLogger(noLog()))
	settled := make(chan dlq.Settled, 1)
	opts = append(opts, dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
	work(t, client, func(context.Context, *dlq.Delivery) error { return err }, opts...)
	send(t, client, "a", dlq.WithMaxRetries(2))
	return <-settled
}

// A handler joins the errors of its parts. The outcome of one part must not hide the failure of another one.
func TestOutcomeAmongOtherErrorsIsFailure(t *testing.T) {
	noStock := errors.New("no stock")
	for name, c := range map[string]struct {
		err  error
		want dlq.OutcomeKind
	}{
		"discard and error":       {errors.Join(dlq.Discard("known"), noStock), dlq.Failed},
		"error and success":       {fmt.Errorf("%w; %w", noStock, dlq.Succeed()), dlq.Failed},
		"success and error below": {fmt.Errorf("in batch: %w", errors.Join(dlq.Succeed(), noStock)), dlq.Failed},
		"two outcomes":            {errors.Join(dlq.Succeed(), dlq.Discard("known")), dlq.Failed},
		"one outcome alone":       {errors.Join(nil, dlq.Discard("known")), dlq.Discarded},
		"wrapped outcome":         {fmt.Errorf("known: %w", dlq.Discard("known")), dlq.Discarded},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcomeOf(t, c.err); got.Outcome != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestNonRetryableAmongOtherErrorsCounts(t *testing.T) {
	busy := &retryable{errors.New("busy")}
	if got := outcomeOf(t, errors.Join(busy, dlq.NonRetryable(errors.New("no such card")))); got.State != dlq.StateQuarantined {
		t.Errorf("got %+v", got)
	}
}

type retryable struct{ error }

func (*retryable) NonRetryable() bool { return false }

// A handler that got a bad answer may have no error for it.
func TestFailureWithoutErrorIsFailure(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want dlq.State
	}{
		"Fail":         {dlq.Fail(nil), dlq.StateScheduled},
		"RetryAfter":   {dlq.RetryAfter(nil, time.Hour), dlq.StateScheduled},
		"NonRetryable": {dlq.NonRetryable(nil), dlq.StateQuarantined},
		"Fingerprint":  {dlq.Fingerprint(nil, "bank-down"), dlq.StateScheduled},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcomeOf(t, c.err)
			if got.Outcome != dlq.Failed || got.State != c.want || got.Err == nil || got.Err.Error() == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A middleware that handles a failure of its own, such as by logging it, has not processed the message.
func TestMiddlewareThatReturnsNilKeepsResultOfHandler(t *testing.T) {
	noStock := errors.New("no stock")
	call := func(next dlq.Handler) dlq.Handler {
		return func(ctx context.Context, d *dlq.Delivery) error {
			_ = next(ctx, d)
			return nil
		}
	}
	forget := func(dlq.Handler) dlq.Handler {
		return func(context.Context, *dlq.Delivery) error { return nil }
	}
	start := func(next dlq.Handler) dlq.Handler {
		return func(ctx context.Context, d *dlq.Delivery) error {
			go func() {
				<-ctx.Done()
				_ = next(ctx, d)
			}()
			return nil
		}
	}
	know := func(dlq.Handler) dlq.Handler {
		return func(context.Context, *dlq.Delivery) error { return dlq.Succeed() }
	}
	retry := func(next dlq.Handler) dlq.Handler {
		return func(ctx context.Context, d *dlq.Delivery) error {
			_ = next(context.WithValue(ctx, firstTry{}, true), d)
			return next(ctx, d)
		}
	}
	fail := func(ctx context.Context, _ *dlq.Delivery) error { return noStock }
	failOnce := func(ctx context.Context, _ *dlq.Delivery) error {
		if ctx.Value(firstTry{}) != nil {
			return noStock
		}
		return nil
	}
	pass := func(context.Context, *dlq.Delivery) error { return nil }
	for name, c := range map[string]struct {
		handler    dlq.Handler
		middleware []dlq.Middleware
		want       dlq.OutcomeKind
	}{
		"swallows an error":      {fail, []dlq.Middleware{call}, dlq.Failed},
		"swallows it twice":      {fail, []dlq.Middleware{call, call}, dlq.Failed},
		"swallows an outcome":    {func(context.Context, *dlq.Delivery) error { return dlq.Quarantine("") }, []dlq.Middleware{call}, dlq.Quarantined},
		"swallows success":       {pass, []dlq.Middleware{call}, dlq.Succeeded},
		"does not call":          {pass, []dlq.Middleware{forget}, dlq.Failed},
		"does not call, outer":   {pass, []dlq.Middleware{call, forget}, dlq.Failed},
		"calls later":            {pass, []dlq.Middleware{start}, dlq.Failed},
		"says that it succeeded": {fail, []dlq.Middleware{know}, dlq.Succeeded},
		"tries again":            {failOnce, []dlq.Middleware{retry}, dlq.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			client := dlqtest.NewFake(t).Client(dlq.WithLogger(noLog()))
			settled := make(chan dlq.Settled, 1)
			work(t, client, c.handler, dlq.WithMiddleware(c.middleware...),
				dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
			send(t, client, "a", dlq.WithMaxRetries(1))
			if got := <-settled; got.Outcome != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFailedAttemptHasFingerprint(t *testing.T) {
	again := errors.New("again")
	named := dlq.Fingerprint(again, "bank-down")
	for name, end := range map[string]func(context.Context, *dlq.Client, *dlq.Delivery) error{
		"of its error": func(context.Context, *dlq.Client, *dlq.Delivery) error { return named },
		"of Fail":      func(context.Context, *dlq.Client, *dlq.Delivery) error { return dlq.Fail(named) },
		"of its send": func(ctx context.Context, client *dlq.Client, d *dlq.Delivery) error {
			_, err := client.Send(ctx, d.Queue, d, again, dlq.WithFingerprint("bank-down"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client(dlq.WithLogger(noLog()))
			work(t, client, func(ctx context.Context, d *dlq.Delivery) error { return end(ctx, client, d) })
			send(t, client, "a", dlq.WithMaxRetries(1))
			failures := fake.WaitFor("orders", dlq.StateQuarantined)[0].Failures
			if got := failures[len(failures)-1]; got.GetFingerprint() != "bank-down" || got.GetMessage() != "again" {
				t.Errorf("got %v", got)
			}
		})
	}
}

type firstTry struct{}

// Another client of the same service knows the handler's message, too.
func TestSentMessageHasFailedWhateverItReturnsAsSuccess(t *testing.T) {
	for name, c := range map[string]struct {
		returned error
		want     dlq.OutcomeKind
	}{
		"nothing": {nil, dlq.Failed},
		"success": {dlq.Succeed(), dlq.Failed},
		"discard": {dlq.Discard("too old"), dlq.Discarded},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client, other := fake.Client(), fake.Client()
			settled := make(chan dlq.Settled, 1)
			work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
				if result, err := other.Send(ctx, d.Queue, d, errors.New("again")); result.Status != dlq.StatusDelivery {
					t.Errorf("got %+v, %v", result, err)
				}
				return c.returned
			}, dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
			send(t, client, "a", dlq.WithMaxRetries(1))
			if got := <-settled; got.Outcome != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}
