package dlq_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestStatusSaysWhatWaitsInSpoolAndWhy(t *testing.T) {
	target := closedTarget(t)
	client := spoolingClient(t, target, dlq.WithLogger(noLog()), dlq.WithSendTimeout(9*time.Minute))
	fresh := client.Status()
	if !fresh.IsAvailable || fresh.LastError != nil || *fresh.Spool != (dlq.SpoolUsage{}) || len(fresh.Sends) != 0 {
		t.Errorf("before the first send: %+v", fresh)
	}
	for _, payload := range []string{"a", "b"} {
		spooled(t, client, payload)
	}
	got := client.Status()
	if got.IsAvailable || !errors.Is(got.LastError, dlq.ErrConnection) ||
		!strings.HasPrefix(got.LastError.Error(), "dlq: "+target+" does not answer: ") ||
		!strings.Contains(got.LastError.Error(), "connection refused") {
		t.Errorf("got %+v", got)
	}
	if s := got.Spool; s.Messages != 2 || s.Bytes < 100 || s.OldestAge < 0 || s.OldestAge > time.Minute {
		t.Errorf("the spool is %+v", s)
	}
	if len(got.Sends) != 1 || got.Sends[dlq.StatusSpooled] != 2 {
		t.Errorf("the sends are %v", got.Sends)
	}
}

func TestStatusCountsSendsWithoutSpool(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	send(t, client, "a")
	if _, err := client.SendAsync(t.Context(), "orders", "b", nil).Result(); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Send(t.Context(), "", "refused", nil)
	_, _ = client.Send(t.Context(), "orders", panickingPayload{}, nil)
	got := client.Status()
	if got.Spool != nil || !got.IsAvailable || got.Sends[dlq.StatusSent] != 2 || got.Sends[dlq.StatusDropped] != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestPingAsksServer(t *testing.T) {
	if err := clientOfServer(t, startServer(t)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func clientOfServer(t *testing.T, server *dlqtest.Server, opts ...dlq.Option) *dlq.Client {
	t.Helper()
	client, err := dlq.New(server.Target(), append([]dlq.Option{dlq.WithoutSpool()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(context.Background()) })
	return client
}

func TestPingSaysWhatIsWrong(t *testing.T) {
	refused := closedTarget(t)
	fake := dlqtest.NewFake(t)
	closed := fake.Client()
	_ = closed.Close(t.Context())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		client *dlq.Client
		ctx    context.Context
		kind   dlq.Kind
		text   string
	}{
		"refused":   {spoolingClient(t, refused, dlq.WithSendTimeout(9*time.Minute)), t.Context(), dlq.ErrConnection, refused + " does not answer: dial tcp " + refused},
		"silent":    {spoolingClient(t, startSilent(t)), t.Context(), dlq.ErrConnection, "does not answer: no answer in time; is the server up?"},
		"closed":    {closed, t.Context(), dlq.ErrClosed, "the client is closed"},
		"cancelled": {fake.Client(), ended, dlq.ErrAborted, "the context of the ping ended"},
		"store": {
			clientOf(t, failingStats{err: serviceError(codes.Unavailable, "STORE_DOWN")}), t.Context(), dlq.ErrConnection, "is unavailable: no",
		},
		"no DLQ server": {clientOf(t, failingStats{err: status.Error(codes.Unimplemented, "unknown")}), t.Context(), dlq.ErrRefused, "is the target"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.client.Ping(c.ctx)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPingWithoutValidTokenSaysSo(t *testing.T) {
	if os.Getenv("DLQ_SERVER_COMMAND") == "" {
		t.Skip("DLQ_SERVER_COMMAND is not set")
	}
	const token = "0123456789abcdef0123456789abcdef"
	server := dlqtest.StartServer(t, dlqtest.WithEnv("DLQ_TOKENS="+token))
	if err := clientOfServer(t, server, dlq.WithToken(token)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	err := clientOfServer(t, server).Ping(t.Context())
	if !errors.Is(err, dlq.ErrUnauthenticated) || !strings.Contains(err.Error(), "WithToken") {
		t.Errorf("got %v", err)
	}
}

// failingStats is a service that answers each ping with an error.
type failingStats struct {
	dlqv1.UnimplementedDlqServiceServer
	err error
}

func (s failingStats) Stats(context.Context, *dlqv1.StatsRequest) (*dlqv1.StatsResponse, error) {
	return nil, s.err
}
