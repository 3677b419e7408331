package dlq_test

import (
	"context"
	"errors"
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
