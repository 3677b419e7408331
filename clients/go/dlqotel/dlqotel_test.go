package dlqotel_test

import (
	"context"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqotel"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"go.opentelemetry.io/otel/trace"
)

func TestHandlerContextHasSpanOfSend(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithTracing(dlqotel.Tracing()))
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	})
	seen := make(chan trace.SpanContext, 1)
	worker := client.Worker([]string{"orders"})
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(context.Background(), func(ctx context.Context, _ *dlq.Delivery) error {
			seen <- trace.SpanContextFromContext(ctx)
			return nil
		})
	}()
	ctx := trace.ContextWithSpanContext(t.Context(), span)
	if _, err := client.Send(ctx, "orders", "a", nil); err != nil {
		t.Fatal(err)
	}
	got := <-seen
	if got.TraceID() != span.TraceID() || got.SpanID() != span.SpanID() || !got.IsRemote() || !got.IsSampled() {
		t.Errorf("got %+v", got)
	}
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
