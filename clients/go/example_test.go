package dlq_test

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/dlq-service/dlq/clients/go"
)

type order struct {
	ID     string
	Amount int
}

func chargeCard(context.Context, order) error { return errors.New("shop.example did not answer") }

func ExampleClient_Send() {
	client, err := dlq.New("localhost:50051", dlq.WithService("shop"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer client.Close(ctx)
	o := order{"order-42", 100}
	if cause := chargeCard(ctx, o); cause != nil {
		result, err := client.Send(ctx, "orders", o, cause, dlq.WithSourceID(o.ID))
		fmt.Println(result.Status, err)
	}
}

func ExampleDeadLetter() {
	client, err := dlq.New("localhost:50051")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(context.Background())
	charge := dlq.DeadLetter(client, "orders", chargeCard)
	// On a failure: nil, and the order is in the DLQ.
	err = charge(context.Background(), order{"order-42", 100})
	fmt.Println(err)
}

func ExampleWorker_Run() {
	client, err := dlq.New("localhost:50051")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err = client.Worker([]string{"orders"}).Run(ctx, func(ctx context.Context, d *dlq.Delivery) error {
		var o order
		if err := d.Payload.JSON(&o); err != nil {
			return dlq.NonRetryable(err)
		}
		return chargeCard(ctx, o)
	})
	fmt.Println(err)
}
