package dlq_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// A function that sends what was dropped would be called again and again.
func TestDropsOfCallbackItselfAreLogged(t *testing.T) {
	for name, again := range map[string]func(*dlq.Client){
		"Send": func(c *dlq.Client) {
			if _, err := c.Send(context.Background(), "", "again", nil); !errors.Is(err, dlq.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		},
		"SendAsync": func(c *dlq.Client) { c.SendAsync(context.Background(), "", "again", nil) },
		"unencoded": func(c *dlq.Client) { c.SendAsync(context.Background(), "", make(chan int), nil) },
		"DeadLetter": func(c *dlq.Client) {
			_ = dlq.DeadLetter(c, "again", failing)(context.Background(), strings.Repeat("a", 2<<20))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			var calls atomic.Int32
			var client *dlq.Client
			client = dlqtest.NewFake(t).Client(dlq.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
				dlq.WithOnDropped(func(*dlq.Error, string) {
					calls.Add(1)
					again(client)
				}))
			for range 2 {
				if _, err := client.Send(t.Context(), "", "a", nil); !errors.Is(err, dlq.ErrInvalid) {
					t.Errorf("got %v", err)
				}
			}
			if err := errors.Join(client.Flush(t.Context()), client.Close(t.Context())); err != nil {
				t.Fatal(err)
			}
			if calls.Load() != 2 || !strings.Contains(log.String(), "dropped a message for queue") {
				t.Errorf("%d calls, logged %s", calls.Load(), log.String())
			}
		})
	}
}

func failing(context.Context, string) error { return errors.New("no bank") }

// Other drops during a call of the function are reported to it.
func TestDropsDuringCallbackAreReported(t *testing.T) {
	var client *dlq.Client
	begun, end, calls := make(chan struct{}, 10), make(chan struct{}), atomic.Int32{}
	client = dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {
		begun <- struct{}{}
		<-end
		calls.Add(1)
	}))
	for range 3 {
		_, _ = client.Send(t.Context(), "", "a", nil)
	}
	<-begun
	close(end)
	if err := client.Close(t.Context()); err != nil || calls.Load() != 3 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}
