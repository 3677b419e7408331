package dlq_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// startServer starts the real server, or skips the test without a command for it.
func startServer(t *testing.T) *dlqtest.Server {
	t.Helper()
	if os.Getenv("DLQ_SERVER_COMMAND") == "" {
		t.Skip("DLQ_SERVER_COMMAND is not set")
	}
	return dlqtest.StartServer(t)
}

func TestRestartLosesAndDuplicatesNothing(t *testing.T) {
	server := startServer(t)
	client, err := dlq.New(server.Target(), dlq.WithService("shop"), dlq.WithSpool(dlq.Spool{Folder: t.TempDir()}),
		dlq.WithSendTimeout(500*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close(context.Background()) }()
	var all []*dlq.PendingSend
	sendSome := func() {
		for range 50 {
			all = append(all, client.SendAsync(t.Context(), "orders", "order", nil, dlq.WithDelay(0)))
		}
	}
	sendSome()
	server.Kill()
	sendSome()
	for _, pending := range all {
		if result, err := pending.Result(); err != nil || !result.Kept() {
			t.Fatalf("got %+v, %v", result, err)
		}
	}
	server.Restart()
	handled := make(chan string, 1_000)
	work(t, client, func(_ context.Context, d *dlq.Delivery) error {
		handled <- d.ID
		return nil
	}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}))
	ids := map[string]bool{}
	for range all {
		select {
		case id := <-handled:
			ids[id] = true
		case <-time.After(time.Minute):
			t.Fatalf("%d of %d messages were delivered", len(ids), len(all))
		}
	}
	if len(ids) != len(all) {
		t.Errorf("%d messages of %d sends", len(ids), len(all))
	}
}

func TestServerChecksToken(t *testing.T) {
	if os.Getenv("DLQ_SERVER_COMMAND") == "" {
		t.Skip("DLQ_SERVER_COMMAND is not set")
	}
	server := dlqtest.StartServer(t, dlqtest.WithEnv("DLQ_TOKENS=0123456789abcdef0123456789abcdef"))
	for token, want := range map[string]dlq.Status{
		"0123456789abcdef0123456789abcdef": dlq.StatusSent, "another": dlq.StatusDropped,
		"0123456789abcdef0123456789abcdef\n": dlq.StatusSent, // as read from a file
	} {
		client, err := dlq.New(server.Target(), dlq.WithToken(token), dlq.WithoutSpool(),
			dlq.WithOnDropped(func(*dlq.Error, string) {}))
		if err != nil {
			t.Fatal(err)
		}
		result, err := client.Send(t.Context(), "orders", "a", nil)
		if result.Status != want {
			t.Errorf("got %+v, %v", result, err)
		}
		_ = client.Close(t.Context())
	}
}

func TestBatchesOfServer(t *testing.T) {
	client := clientOfServer(t, startServer(t))
	const count = 50
	for range count {
		client.SendAsync(t.Context(), "orders", "order", nil, dlq.WithDelay(0))
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	settled := make(chan dlq.Settled, count)
	worker := client.Worker([]string{"orders"}, dlq.WithBatchSize(10),
		dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
	done := make(chan error, 1)
	go func() {
		done <- worker.RunBatch(context.Background(), func(_ context.Context, batch []*dlq.Delivery) error {
			if len(batch) > 10 {
				t.Errorf("a batch has %d deliveries", len(batch))
			}
			errs := make([]error, len(batch))
			errs[0] = dlq.Quarantine("first")
			return dlq.Each(errs...)
		})
	}()
	for range count {
		select {
		case s := <-settled:
			if (s.Outcome == dlq.Quarantined) != (s.State == dlq.StateQuarantined) {
				t.Errorf("settled as %+v", s)
			}
		case <-time.After(time.Minute):
			t.Fatal("a message is not settled")
		}
	}
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
