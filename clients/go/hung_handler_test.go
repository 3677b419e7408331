package dlq_test

import (
	"context"
	"errors"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// The worker has released its message: the service has it.
func TestMessageThatHungHandlerSendsIsNotDoubled(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithLogger(noLog()))
	begun, stopped := make(chan struct{}), make(chan struct{})
	sent := make(chan dlq.Result, 1)
	worker := work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
		close(begun)
		<-stopped
		result, err := client.Send(ctx, "orders", d.Payload.Text(), errors.New("again"))
		sent <- result
		return err
	}, dlq.WithDrainTimeout(0))
	send(t, client, "a")
	<-begun
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	close(stopped)
	if result := <-sent; result.Status != dlq.StatusDelivery {
		t.Errorf("got %+v", result)
	}
	if messages := fake.Messages("orders"); len(messages) != 1 || messages[0].State != dlq.StateScheduled {
		t.Errorf("got %v", messages)
	}
}
