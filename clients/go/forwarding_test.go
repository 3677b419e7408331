package dlq_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
)

// A handler that sends its message to another queue may not look at the error of Send.
func TestForwardingThatIsDroppedFailsDelivery(t *testing.T) {
	type forward = func(ctx context.Context, dropping, client *dlq.Client, payload any)
	once := func(ctx context.Context, dropping, _ *dlq.Client, payload any) {
		_, _ = dropping.Send(ctx, "other", payload, errors.New("not for us"))
	}
	again := func(ctx context.Context, dropping, client *dlq.Client, payload any) {
		once(ctx, dropping, nil, payload)
		once(ctx, client, nil, payload)
	}
	elsewhere := func(_ context.Context, dropping, _ *dlq.Client, payload any) {
		once(context.Background(), dropping, nil, payload)
	}
	nowhere := func(ctx context.Context, dropping, _ *dlq.Client, payload any) {
		_, _ = dropping.Send(ctx, "", payload, nil)
	}
	async := func(ctx context.Context, dropping, _ *dlq.Client, payload any) {
		<-dropping.SendAsync(ctx, "other", payload, nil).Done()
	}
	decoded := func(d *dlq.Delivery) any {
		var order map[string]int
		_ = d.Payload.JSON(&order)
		return order
	}
	delivery := func(d *dlq.Delivery) any { return d }
	for name, c := range map[string]struct {
		payload  func(*dlq.Delivery) any
		forward  forward
		returned error
		want     dlq.OutcomeKind
	}{
		"delivery":         {delivery, once, nil, dlq.Failed},
		"its payload":      {func(d *dlq.Delivery) any { return d.Payload }, once, nil, dlq.Failed},
		"its text":         {func(d *dlq.Delivery) any { return d.Payload.Text() }, once, nil, dlq.Failed},
		"its value":        {decoded, once, nil, dlq.Failed},
		"another context":  {delivery, elsewhere, nil, dlq.Failed},
		"a copy":           {func(d *dlq.Delivery) any { return *d }, elsewhere, nil, dlq.Failed},
		"a list":           {func(d *dlq.Delivery) any { return []*dlq.Delivery{d} }, once, nil, dlq.Failed},
		"a list of copies": {func(d *dlq.Delivery) any { return []dlq.Delivery{*d} }, once, nil, dlq.Failed},
		"no queue":         {delivery, nowhere, nil, dlq.Failed},
		"SendAsync":        {delivery, async, nil, dlq.Failed},
		"sent again":       {delivery, again, nil, dlq.Succeeded},
		"value sent again": {decoded, again, nil, dlq.Succeeded},
		"says it is done":  {delivery, once, dlq.Succeed(), dlq.Failed},
		"discards it":      {delivery, once, dlq.Discard("too old"), dlq.Discarded},
		"another message":  {func(*dlq.Delivery) any { return "an event" }, once, nil, dlq.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client, dropping := fake.Client(), fake.Client(dlq.WithLogger(noLog()))
			_ = dropping.Close(t.Context())
			settled := make(chan dlq.Settled, 1)
			work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
				c.forward(ctx, dropping, client, c.payload(d))
				return c.returned
			}, dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
			send(t, client, map[string]int{"order": 42}, dlq.WithMaxRetries(1))
			if got := <-settled; got.Outcome != c.want || (got.Err != nil) != (c.want == dlq.Failed) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestForwardingThatIsDroppedFailsItsDeliveryOfBatchOnly(t *testing.T) {
	s := newBatchServer("a", "b", "c")
	client := clientOf(t, s)
	dropping := dlqtest.NewFake(t).Client(dlq.WithLogger(noLog()))
	_ = dropping.Close(t.Context())
	workBatches(t, client, s, func(ctx context.Context, batch []*dlq.Delivery) error {
		_, _ = dropping.Send(ctx, "other", batch[1].Payload.Text(), nil)
		return nil
	})()
	want := map[string]dlq.OutcomeKind{"a": dlq.Succeeded, "b": dlq.Failed, "c": dlq.Succeeded}
	if got := s.kinds(); !maps.Equal(got, want) {
		t.Errorf("the outcomes are %v", got)
	}
}

// answering returns a client whose sends get an answer after the channel was closed: they are kept, or refused.
func answering(t *testing.T, after <-chan struct{}, isKept bool) *dlq.Client {
	t.Helper()
	server := startScripted(t, func(*dlqv1.SendToDlqRequest) error {
		<-after
		if isKept {
			return nil
		}
		return serviceError(codes.InvalidArgument, "INVALID_ARGUMENT")
	})
	client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithSendTimeout(time.Minute), dlq.WithLogger(noLog()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(context.Background()) })
	return client
}

func TestOutcomeWaitsForForwardingWithoutResult(t *testing.T) {
	for name, c := range map[string]struct {
		isKept bool
		// isOtherDropped: a second send is dropped at once.
		isOtherDropped bool
		returned       error
		want           dlq.OutcomeKind
	}{
		"dropped":                {want: dlq.Failed},
		"dropped, then Succeed":  {returned: dlq.Succeed(), want: dlq.Failed},
		"kept":                   {isKept: true, want: dlq.Succeeded},
		"kept, the second isn't": {isKept: true, isOtherDropped: true, want: dlq.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client, dropping := fake.Client(), fake.Client(dlq.WithLogger(noLog()))
			_ = dropping.Close(t.Context())
			returns := make(chan struct{})
			slow := answering(t, returns, c.isKept)
			settled := make(chan dlq.Settled, 1)
			work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
				defer close(returns)
				slow.SendAsync(ctx, "other", d, errors.New("not for us"))
				if c.isOtherDropped {
					dropping.SendAsync(ctx, "third", d, errors.New("not for us"))
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

func TestDroppedForwardingsOfEqualMessagesFailEach(t *testing.T) {
	s := newBatchServer("a", "b")
	s.areEqual = true
	client, returns := clientOf(t, s), make(chan struct{})
	refusing := answering(t, returns, false)
	workBatches(t, client, s, func(ctx context.Context, batch []*dlq.Delivery) error {
		defer close(returns)
		for _, d := range batch {
			refusing.SendAsync(ctx, "other", d.Payload.Text(), nil)
		}
		return nil
	})()
	if got, want := s.kinds(), (map[string]dlq.OutcomeKind{"a": dlq.Failed, "b": dlq.Failed}); !maps.Equal(got, want) {
		t.Errorf("the outcomes are %v", got)
	}
}

// It may have a retry time, or say that no retry can help.
func TestErrorOfHandlerCountsAfterDroppedForwarding(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client, dropping := fake.Client(dlq.WithLogger(noLog())), fake.Client(dlq.WithLogger(noLog()))
	_ = dropping.Close(t.Context())
	settled := make(chan dlq.Settled, 1)
	work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
		_, err := dropping.Send(ctx, "other", d, errors.New("not for us"))
		return dlq.NonRetryable(err)
	}, dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
	send(t, client, "a")
	if got := <-settled; got.State != dlq.StateQuarantined || !errors.Is(got.Err, dlq.ErrClosed) {
		t.Errorf("got %+v", got)
	}
}

// One handler may send what several have collected.
func TestForwardingByAnotherHandlerFailsItsDelivery(t *testing.T) {
	s := newBatchServer("a", "b")
	dropping := dlqtest.NewFake(t).Client(dlq.WithLogger(noLog()))
	_ = dropping.Close(t.Context())
	collected, sent := make(chan *dlq.Delivery, 1), make(chan struct{})
	workBatches(t, clientOf(t, s), s, func(ctx context.Context, batch []*dlq.Delivery) error {
		if batch[0].Payload.Text() == "a" {
			collected <- batch[0]
			<-sent
			return nil
		}
		defer close(sent)
		_, _ = dropping.Send(ctx, "other", <-collected, nil)
		return nil
	}, dlq.WithBatchSize(1), dlq.WithConcurrency(2))()
	if got, want := s.kinds(), (map[string]dlq.OutcomeKind{"a": dlq.Failed, "b": dlq.Succeeded}); !maps.Equal(got, want) {
		t.Errorf("the outcomes are %v", got)
	}
}

// outcomesOfEqual works on a batch of messages with the payload "x", and returns the outcomes by source id.
func outcomesOfEqual(
	t *testing.T, sourceIDs []string, handle func(ctx context.Context, client, dropping *dlq.Client, batch []*dlq.Delivery),
) map[string]dlq.OutcomeKind {
	t.Helper()
	fake := dlqtest.NewFake(t)
	client, dropping := fake.Client(), fake.Client(dlq.WithLogger(noLog()))
	_ = dropping.Close(t.Context())
	for _, id := range sourceIDs {
		send(t, client, "x", dlq.WithSourceID(id), dlq.WithMaxRetries(1))
	}
	type outcome struct {
		id   string
		kind dlq.OutcomeKind
	}
	settled := make(chan outcome, len(sourceIDs))
	worker := client.Worker([]string{"orders"}, dlq.WithOnSettled(func(d *dlq.Delivery, s dlq.Settled) {
		settled <- outcome{d.SourceID, s.Outcome}
	}))
	done := make(chan error, 1)
	go func() {
		done <- worker.RunBatch(context.Background(), func(ctx context.Context, batch []*dlq.Delivery) error {
			handle(ctx, client, dropping, batch)
			return nil
		})
	}()
	outcomes := map[string]dlq.OutcomeKind{}
	for range sourceIDs {
		one := <-settled
		outcomes[one.id] = one.kind
	}
	if err := errors.Join(worker.Shutdown(t.Context()), <-done); err != nil {
		t.Error(err)
	}
	return outcomes
}

func TestSendOfOneOfEqualPayloadsFailsThatDelivery(t *testing.T) {
	cause := errors.New("not for us")
	for name, sendSecond := range map[string]func(ctx context.Context, client, dropping *dlq.Client, second *dlq.Delivery){
		"delivery to another queue": func(ctx context.Context, _, dropping *dlq.Client, second *dlq.Delivery) {
			_, _ = dropping.Send(ctx, "other", second, cause)
		},
		"payload to another queue": func(ctx context.Context, _, dropping *dlq.Client, second *dlq.Delivery) {
			_, _ = dropping.Send(ctx, "other", second.Payload, cause)
		},
		"source id to another queue": func(ctx context.Context, _, dropping *dlq.Client, _ *dlq.Delivery) {
			_, _ = dropping.Send(ctx, "other", "x", cause, dlq.WithSourceID("2"))
		},
		"source id to another queue, twice": func(ctx context.Context, _, dropping *dlq.Client, _ *dlq.Delivery) {
			_, _ = dropping.Send(ctx, "other", "x", cause, dlq.WithSourceID("2"))
			_, _ = dropping.Send(ctx, "other", "x", cause, dlq.WithSourceID("2"))
		},
		"delivery to its own queue": func(ctx context.Context, client, _ *dlq.Client, second *dlq.Delivery) {
			_, _ = client.Send(ctx, "orders", second, cause)
		},
		"payload to its own queue": func(ctx context.Context, client, _ *dlq.Client, second *dlq.Delivery) {
			_, _ = client.Send(ctx, "orders", second.Payload, cause)
		},
		"source id to its own queue": func(ctx context.Context, client, _ *dlq.Client, _ *dlq.Delivery) {
			_, _ = client.Send(ctx, "orders", "x", cause, dlq.WithSourceID("2"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcomesOfEqual(t, []string{"", "2"}, func(ctx context.Context, client, dropping *dlq.Client, batch []*dlq.Delivery) {
				sendSecond(ctx, client, dropping, batch[1])
			})
			if want := (map[string]dlq.OutcomeKind{"": dlq.Succeeded, "2": dlq.Failed}); !maps.Equal(got, want) {
				t.Errorf("the outcomes are %v", got)
			}
		})
	}
}

func TestDroppedForwardingsFailMessagesWithAndWithoutSourceID(t *testing.T) {
	got := outcomesOfEqual(t, []string{"1", ""}, func(ctx context.Context, _, dropping *dlq.Client, batch []*dlq.Delivery) {
		for _, d := range batch {
			_, _ = dropping.Send(ctx, "other", d.Payload.Text(), nil)
		}
	})
	if want := (map[string]dlq.OutcomeKind{"1": dlq.Failed, "": dlq.Failed}); !maps.Equal(got, want) {
		t.Errorf("the outcomes are %v", got)
	}
}

func TestForwardingDroppedAfterMessageIsRemovedIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		returned error
		isLogged bool
	}{
		"succeeded": {nil, true},
		"discarded": {dlq.Discard("too old"), true},
		"released":  {dlq.Release(time.Hour), false},
		"failed":    {dlq.Fail(errors.New("no stock")), false},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			var log bytes.Buffer
			client := fake.Client(dlq.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			dropping := fake.Client(dlq.WithLogger(noLog()))
			_ = dropping.Close(t.Context())
			delivered, settled := make(chan *dlq.Delivery, 1), make(chan struct{}, 1)
			work(t, client, func(_ context.Context, d *dlq.Delivery) error {
				delivered <- d
				return c.returned
			}, dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { settled <- struct{}{} }))
			send(t, client, "a", dlq.WithMaxRetries(1))
			d := <-delivered
			<-settled
			if _, err := dropping.Send(t.Context(), "other", d, nil); !errors.Is(err, dlq.ErrClosed) {
				t.Errorf("got %v", err)
			}
			want := `level=ERROR msg="dlq: the send of message ` + d.ID + ` of queue \"orders\" to queue \"other\" was dropped ` +
				`after the end of its handler: the message may be lost; wait for the send in the handler" queue=orders id=` + d.ID
			if strings.Contains(log.String(), want) != c.isLogged || (log.Len() > 0) != c.isLogged {
				t.Errorf("logged %s", log.String())
			}
		})
	}
}
