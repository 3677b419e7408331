package dlq_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
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
