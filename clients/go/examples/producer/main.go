// Producer sends an order whose charge failed. Start the service first.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/dlq-service/dlq/clients/go"
)

type order struct {
	ID     int `json:"id"`
	Amount int `json:"amount"`
}

func charge(context.Context, order) error {
	return errors.New("bank.example did not answer within 5 s")
}

func main() {
	ctx := context.Background()
	// [producer]
	client, err := dlq.New("localhost:50051")
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	order17 := order{ID: 17, Amount: 100}
	if err := charge(ctx, order17); err != nil {
		result, err := client.Send(ctx, "orders", order17, err)
		fmt.Println(result.Status, err)
	}
	// [/producer]
}
