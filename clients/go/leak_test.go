package dlq_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// clientGoroutines returns the stacks of goroutines of the client and its connections.
func clientGoroutines(t *testing.T) []string {
	t.Helper()
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var found []string
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		isOurs := strings.Contains(stack, "github.com/dlq-service/dlq/clients/go.") ||
			strings.Contains(stack, "clients/go/internal/") || strings.Contains(stack, "transport.(*http2Client)")
		if isOurs && !strings.Contains(stack, "testing.tRunner") {
			found = append(found, stack)
		}
	}
	return found
}

func expectNoGoroutines(t *testing.T) {
	t.Helper()
	late := time.Now().Add(10 * time.Second)
	for {
		left := clientGoroutines(t)
		if len(left) == 0 {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d goroutines are left, such as\n%s", len(left), left[0])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCloseEndsAllGoroutines(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := spoolingClient(t, fake.Target(), dlq.WithLogger(noLog()), dlq.WithTryTimeout(50*time.Millisecond))
	settled := make(chan struct{}, 10)
	worker := client.Worker([]string{"orders"}, dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { settled <- struct{}{} }))
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(context.Background(), func(context.Context, *dlq.Delivery) error { return nil })
	}()
	send(t, client, "a")
	<-settled
	fake.GoDown()
	for range 100 {
		client.SendAsync(t.Context(), "orders", "b", nil)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	fake.Stop()
	expectNoGoroutines(t)
}

func TestCloseWithSilentServerEndsAllGoroutines(t *testing.T) {
	silent := startSilent(t)
	client := spoolingClient(t, silent, dlq.WithLogger(noLog()), dlq.WithSendTimeout(time.Minute))
	go func() { // ends with the client
		_ = client.Worker([]string{"orders"}).Run(context.Background(),
			func(context.Context, *dlq.Delivery) error { return nil })
	}()
	pending := client.SendAsync(t.Context(), "orders", "a", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := client.Close(ctx); err == nil {
		t.Error("Close returned no error of its context")
	}
	if result, err := pending.Result(); err != nil || result.Status != dlq.StatusSpooled || !result.Durable {
		t.Errorf("got %+v, %v", result, err)
	}
	expectNoGoroutines(t)
}
