// Worker prints each due order until it is interrupted. Start the service first.
package main

import (
	"context"
	"fmt"
	"log"
	"os/signal"
	"syscall"

	"github.com/dlq-service/dlq/clients/go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// [worker]
	client, err := dlq.New("localhost:50051")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(context.Background())

	err = client.Worker([]string{"orders"}).Run(ctx, func(_ context.Context, d *dlq.Delivery) error {
		fmt.Println("attempt", d.Attempt, d.Payload.Text())
		return nil
	})
	// [/worker]
	if err != nil {
		log.Fatal(err)
	}
}
