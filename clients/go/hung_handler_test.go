package dlq_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// The worker logs the handler and releases its message: the service has it.
func TestMessageThatHungHandlerSendsIsNotDoubled(t *testing.T) {
	fake := dlqtest.NewFake(t)
	var lines []string
	client := fake.Client(dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) {
		lines = append(lines, string(line))
	}), nil))))
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
	want := regexp.MustCompile(`level=WARN msg="dlq: the worker stops and cancels handlers that still run: message ` +
		fake.Messages("orders")[0].GetId() + ` of queue \\"orders\\", attempt 1, for [0-9]+\.[0-9] s; their messages are released; ` +
		`raise WithDrainTimeout if handlers need longer"`)
	if len(lines) != 1 || !want.MatchString(lines[0]) {
		t.Errorf("logged %q", lines)
	}
	close(stopped)
	if result := <-sent; result.Status != dlq.StatusDelivery {
		t.Errorf("got %+v", result)
	}
	if messages := fake.Messages("orders"); len(messages) != 1 || messages[0].State != dlq.StateScheduled {
		t.Errorf("got %v", messages)
	}
}
