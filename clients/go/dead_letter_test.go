package dlq_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func TestDeadLetterSendsMessagesOfFailedCalls(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	failing := errors.New("no card")
	charge := dlq.DeadLetter(client, "orders", func(_ context.Context, order string) error {
		if order == "panic" {
			panic(order)
		}
		return failing
	}, dlq.WithMaxRetries(3))
	for _, order := range []string{"order-1", "panic"} {
		if err := charge(t.Context(), order); err != nil {
			t.Error(err)
		}
	}
	messages := fake.Messages("orders")
	if len(messages) != 2 || messages[1].GetFailure().GetMessage() != "panic: panic" {
		t.Errorf("got %v", messages)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := charge(t.Context(), "order-2"); !errors.Is(err, failing) {
		t.Errorf("a message that was not kept returned %v", err)
	}
}

func TestDeadLetterAcceptsNilDelivery(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	failure := errors.New("no delivery")
	charge := dlq.DeadLetter(client, "orders", func(context.Context, *dlq.Delivery) error { return failure })
	if err := charge(t.Context(), nil); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

func TestDeadLetterSendsEachFailedMessageOfBatch(t *testing.T) {
	noStock := errors.New("no stock")
	for name, c := range map[string]struct {
		err  error
		want string // payloads in the other queue
	}{
		"all":         {noStock, "ab"},
		"one":         {dlq.Each(nil, noStock), "b"},
		"too few":     {dlq.Each(noStock), "ab"},
		"an outcome":  {dlq.Discard("old"), ""},
		"one outcome": {dlq.Each(dlq.Discard("old"), noStock), "b"},
	} {
		for _, queue := range []string{"other", "orders"} {
			t.Run(name+" to "+queue, func(t *testing.T) {
				s := newBatchServer("a", "b")
				client := clientOf(t, s, dlq.WithLogger(noLog()))
				fake := dlqtest.NewFake(t)
				sender := map[string]dlq.Sender{"other": fake.Client(), "orders": client}[queue]
				workBatches(t, client, s, dlq.DeadLetter(sender, queue, func(context.Context, []*dlq.Delivery) error { return c.err }))()
				got := ""
				for _, message := range fake.Messages("other") {
					got += message.GetSourceId() + message.GetPayload().GetText()
				}
				for payload, kind := range s.kinds() {
					isSent := strings.Contains(c.want, payload)
					switch {
					case isSent && queue == "other" && (kind != dlq.Succeeded || !strings.Contains(got, payload+payload)),
						isSent && queue == "orders" && kind != dlq.Failed, !isSent && kind == dlq.Failed:
						t.Errorf("%s is %s, sent are %q", payload, kind, got)
					}
				}
				if queue == "other" && len(got) != 2*len(c.want) {
					t.Errorf("sent are %q", got)
				}
			})
		}
	}
}

func TestBatchThatDeadLetterCannotKeepFails(t *testing.T) {
	closed := dlqtest.NewFake(t).Client(dlq.WithLogger(noLog()))
	_ = closed.Close(t.Context())
	s := newBatchServer("a", "b")
	failed := func(context.Context, []*dlq.Delivery) error { return dlq.Each(nil, errors.New("no stock")) }
	workBatches(t, clientOf(t, s, dlq.WithLogger(noLog())), s, dlq.DeadLetter(closed, "other", failed))()
	if got := s.kinds(); got["a"] != dlq.Succeeded || got["b"] != dlq.Failed {
		t.Errorf("the outcomes are %v", got)
	}
}
