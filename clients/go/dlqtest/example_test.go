package dlqtest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func ExampleFake() {
	fake := dlqtest.StartFake() // in a test, dlqtest.NewFake(t)
	defer fake.Stop()
	client := fake.Client()
	ctx, stop := context.WithCancel(context.Background())

	_, _ = client.Send(ctx, "orders", "order 17", errors.New("no answer")) // what your code does
	fmt.Println(fake.Messages("orders")[0].GetFailure().GetMessage())

	err := client.Worker([]string{"orders"}).Run(ctx, func(context.Context, *dlq.Delivery) error {
		defer stop()
		return nil
	})
	fmt.Println(fake.WaitFor("orders", dlq.StateSucceeded)[0].State, err)
	// Output:
	// no answer
	// MESSAGE_STATE_SUCCEEDED <nil>
}
