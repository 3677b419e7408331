package dlq_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

type order struct {
	ID     string
	Amount int
}

func chargeCard(context.Context, order) error { return errors.New("shop.example did not answer") }

func ExampleClient_Send() {
	server := dlqtest.StartFake() // in production the service, such as at localhost:50051
	defer server.Stop()
	client, err := dlq.New(server.Target(), dlq.WithService("shop"), dlq.WithoutSpool())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = client.Close(ctx) }()

	o := order{"order-42", 100}
	if cause := chargeCard(ctx, o); cause != nil {
		result, err := client.Send(ctx, "orders", o, cause, dlq.WithSourceID(o.ID))
		fmt.Println(result.Status, err)
	}
	// Output: sent <nil>
}

func ExampleDeadLetter() {
	server := dlqtest.StartFake()
	defer server.Stop()
	client := server.Client()
	ctx := context.Background()
	defer func() { _ = client.Close(ctx) }()

	charge := dlq.DeadLetter(client, "orders", chargeCard)
	// After a failure: nil, and the DLQ has the order.
	fmt.Println(charge(ctx, order{"order-42", 100}))
	// Output: <nil>
}

func ExampleWorker_Run() {
	server := dlqtest.StartFake()
	defer server.Stop()
	client := server.Client()
	ctx, stop := context.WithCancel(context.Background()) // in a program use signal.NotifyContext
	defer func() { _ = client.Close(context.Background()) }()
	_, _ = client.Send(ctx, "orders", order{"order-42", 100}, errors.New("shop.example did not answer"))

	err := client.Worker([]string{"orders"}).Run(ctx, func(_ context.Context, d *dlq.Delivery) error {
		defer stop()
		var o order
		if err := d.Payload.JSON(&o); err != nil {
			return dlq.NonRetryable(err)
		}
		fmt.Println("attempt", d.Attempt, "at", o.ID, "after:", d.LatestFailure.GetMessage())
		return nil
	})
	fmt.Println(err)
	// Output:
	// attempt 1 at order-42 after: shop.example did not answer
	// <nil>
}

func ExampleRetryAfter() {
	handler := func(context.Context, *dlq.Delivery) error {
		return dlq.RetryAfter(errors.New("the shop is closed"), time.Hour)
	}
	fmt.Println(handler(context.Background(), nil))
	// Output: the shop is closed
}
