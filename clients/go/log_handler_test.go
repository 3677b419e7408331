package dlq_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// sendingLog sends each line by the client that logs it, and waits for all results.
type sendingLog struct {
	slog.Handler
	client *atomic.Pointer[dlq.Client]
	lines  chan string
}

func (sendingLog) Enabled(context.Context, slog.Level) bool { return true }

func (l sendingLog) Handle(ctx context.Context, record slog.Record) error {
	if client := l.client.Load(); client != nil {
		l.lines <- record.Message
		_, _ = client.Send(ctx, "logs", record.Message, nil)
		_ = client.Flush(context.Background())
	}
	return nil
}

func TestLogHandlerMaySend(t *testing.T) {
	t.Setenv("DLQ_SPOOL_DIR", "")
	t.Setenv("XDG_STATE_HOME", "/dev/null") // no folder can be created
	noFolder := dlq.WithSpool(dlq.Spool{Folder: "/dev/null"})
	hanging := make(chan struct{})
	defer close(hanging)
	hang := dlq.WithOnDropped(func(*dlq.Error, string) { <-hanging })
	for name, c := range map[string]struct {
		options  []dlq.Option
		isClosed bool
		line     string
	}{
		"when a message is dropped":          {[]dlq.Option{dlq.WithoutSpool()}, false, `dlq: dropped a message for queue "orders"`},
		"when a message is dropped too late": {[]dlq.Option{dlq.WithoutSpool(), hang}, true, `dlq: dropped a message for queue "orders"`},
		"when no file can be written":        {[]dlq.Option{noFolder}, false, "dlq: cannot write a spool folder"},
		"when messages wait in the spool":    {[]dlq.Option{dlq.WithSpool(dlq.Spool{Folder: t.TempDir()})}, false, "dlq: messages wait in the spool"},
	} {
		t.Run(name, func(t *testing.T) {
			log := sendingLog{slog.DiscardHandler, &atomic.Pointer[dlq.Client]{}, make(chan string, 100)}
			client, err := dlq.New(closedTarget(t), append(c.options, dlq.WithSendTimeout(50*time.Millisecond), dlq.WithLogger(slog.New(log)))...)
			if err != nil {
				t.Fatal(err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if c.isClosed {
				_, _ = client.Send(t.Context(), "", "a", nil) // for which the callback hangs
				_ = client.Close(ended)
			}
			log.client.Store(client)
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = client.Send(context.Background(), "orders", "a", nil)
				log.client.Store(nil) // it would log for ever that its own sends are dropped
				_ = client.Close(ended)
			}()
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				t.Fatal("a send waits for its log line, and that for a send")
			}
			if line := <-log.lines; !strings.HasPrefix(line, c.line) {
				t.Errorf("logged %s", line)
			}
		})
	}
}

func TestLogHandlerMaySendWhenTelemetryPanics(t *testing.T) {
	fake := dlqtest.NewFake(t)
	log := sendingLog{slog.DiscardHandler, &atomic.Pointer[dlq.Client]{}, make(chan string, 100)}
	client := fake.Client(dlq.WithLogger(slog.New(log)), dlq.WithTelemetry(badTelemetry{panicsIn: "BeginSend"}))
	log.client.Store(client)
	send(t, client, "a")
	if len(fake.Messages("orders")) != 1 || len(fake.Messages("logs")) != 1 {
		t.Errorf("got %v and %v", fake.Messages("orders"), fake.Messages("logs"))
	}
}

func TestFlushOfAnotherClientInLogHandlerWaits(t *testing.T) {
	fake := dlqtest.NewFake(t)
	other := fake.Client()
	lines := 0
	client := fake.Client(dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) {
		pending := other.SendAsync(t.Context(), "logs", line, nil)
		if err := other.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		select {
		case <-pending.Done():
			lines++
		default:
			t.Error("Flush returned before the send had a result")
		}
	}), nil))))
	_, _ = client.Send(t.Context(), "", "a", nil) // is dropped
	if lines != 1 {
		t.Errorf("%d lines", lines)
	}
}
