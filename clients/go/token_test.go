package dlq_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// tokenRecorder records the authorization of each call.
func tokenRecorder(calls chan<- string) grpc.ServerOption {
	return grpc.UnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		calls <- strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), ",")
		return next(ctx, r)
	})
}

func TestTokenSourceIsAskedForEachCall(t *testing.T) {
	calls := make(chan string, 10)
	server := startScripted(t, nil, tokenRecorder(calls))
	tokens := []string{"first", " second\n", ""}
	var next atomic.Int32
	client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithToken("unused"), dlq.WithLogger(noLog()),
		dlq.WithTokenSource(func(context.Context) (string, error) {
			switch n := next.Add(1); n {
			case 2:
				return "", errors.New("the token server is down")
			case 3:
				panic("oh")
			default:
				return tokens[max(n-3, 0)%3], nil
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close(t.Context()) }()
	for range tokens {
		if _, err := client.Send(t.Context(), "orders", "a", nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"Bearer first", "Bearer second", ""} {
		if got := <-calls; got != want {
			t.Errorf("got %q instead of %q", got, want)
		}
	}
}

func TestFailureOfTokenSourceIsNamed(t *testing.T) {
	for text, source := range map[string]func(context.Context) (string, error){
		"the token server is down":     func(context.Context) (string, error) { return "", errors.New("the token server is down") },
		"contains a control character": func(context.Context) (string, error) { return "a\nb", nil },
	} {
		client, err := dlq.New(startScripted(t, nil).target, dlq.WithoutSpool(), dlq.WithLogger(noLog()),
			dlq.WithSendTimeout(time.Second), dlq.WithTokenSource(source))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Send(t.Context(), "orders", "a", nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v instead of %q", err, text)
		}
		_ = client.Close(t.Context())
	}
}

// A function of the user that never returns must hold neither sends, workers nor Close.
func TestHangingTokenSourceHoldsNothing(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	client := spoolingClient(t, startScripted(t, nil).target, dlq.WithLogger(noLog()), dlq.WithTryTimeout(50*time.Millisecond),
		dlq.WithTokenSource(func(context.Context) (string, error) {
			<-end
			return "late", nil
		}))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		spooled(t, client, "a")
		if err := client.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "WithTokenSource has not returned") {
			t.Errorf("the ping returned %v", err)
		}
		err := client.Worker([]string{"orders"}).Run(ctx, func(context.Context, *dlq.Delivery) error { return nil })
		done <- errors.Join(err, client.Close(t.Context()))
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("something waits for the token")
	}
}
