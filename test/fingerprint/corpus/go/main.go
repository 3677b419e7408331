// Billing provokes each failure, and prints what the client makes of it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"example.com/shop/billing/charge"
	"example.com/shop/billing/draw"
	"example.com/shop/billing/orders"
	"example.com/shop/billing/shipping"
	"example.com/shop/billing/store"
	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"google.golang.org/protobuf/encoding/protojson"
)

var values = draw.Read()

// The handlers of three queues. Each wraps its work, which may panic.

func handleCharge(client *dlq.Client, one draw.Case) {
	run := dlq.DeadLetter(client, "orders", func(context.Context, string) error { return one.Run(values) })
	_ = run(context.Background(), "1")
}

func handleOrder(client *dlq.Client, one draw.Case) {
	run := dlq.DeadLetter(client, "orders", func(context.Context, string) error { return one.Run(values) })
	_ = run(context.Background(), "1")
}

func handleStore(client *dlq.Client, one draw.Case) {
	if err := one.Run(values); err != nil {
		_, _ = client.Send(context.Background(), "orders", "1", err)
	}
}

func handleShipping(client *dlq.Client, one draw.Case) {
	run := dlq.DeadLetter(client, "orders", func(context.Context, string) error { return one.Run(values) })
	_ = run(context.Background(), "1")
}

func main() {
	for _, part := range []struct {
		name   string
		cases  []draw.Case
		handle func(*dlq.Client, draw.Case)
	}{{"charge", charge.Cases, handleCharge}, {"orders", orders.Cases, handleOrder}, {"store", store.Cases, handleStore}, {"shipping", shipping.Cases, handleShipping}} {
		for _, one := range part.cases {
			fake := dlqtest.StartFake()
			part.handle(fake.Client(), one)
			messages := fake.Messages("orders")
			if len(messages) == 0 {
				fmt.Fprintln(os.Stderr, one.Name, "nothing failed")
				os.Exit(1)
			}
			failure, err := protojson.Marshal(messages[0].Failures[0])
			if err != nil {
				panic(err)
			}
			line, _ := json.Marshal(map[string]any{"case": part.name + "/" + one.Name, "failure": json.RawMessage(failure)})
			fmt.Println(string(line))
			fake.Stop()
		}
	}
}
