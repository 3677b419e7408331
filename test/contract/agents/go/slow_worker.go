package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/dlq-service/dlq/clients/go"
)

// runSlowWorker is the worker of the README, with a handler that takes a second.
func runSlowWorker(target, queue string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	client, err := dlq.New(target)
	if err != nil {
		return err
	}
	defer client.Close(context.Background())

	return client.Worker([]string{queue}).Run(ctx, func(context.Context, *dlq.Delivery) error {
		fmt.Println("handling")
		time.Sleep(time.Second)
		fmt.Println("handled")
		return nil
	})
}
