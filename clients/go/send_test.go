package dlq_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type orderError struct{ order string }

func (e *orderError) Error() string { return "order " + e.order + " can't be charged" }

func TestSendStoresMessageWithFailure(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithService("shop"))
	result, err := client.Send(t.Context(), "orders", map[string]int{"order": 42}, &orderError{"42"},
		dlq.WithSourceID("order-42"), dlq.WithReason(dlq.ReasonTimeout))
	if err != nil || result.Status != dlq.StatusSent || result.ID == "" || !result.Kept() {
		t.Fatalf("got %+v, %v", result, err)
	}
	message := fake.Messages("orders")[0]
	if got := message.GetPayload().GetText(); got != `{"order":42}` {
		t.Errorf("the payload is %s", got)
	}
	if message.GetPayload().GetContentType() != "application/json" || message.GetOrigin().GetService() != "shop" {
		t.Errorf("got %v", message)
	}
	failure := message.GetFailure()
	if failure.GetType() != "*dlq_test.orderError" || failure.GetMessage() != "order 42 can't be charged" {
		t.Errorf("the failure is %v", failure)
	}
	if !strings.Contains(failure.GetStackTrace(), "TestSendStoresMessageWithFailure") {
		t.Errorf("the stack trace is %s", failure.GetStackTrace())
	}
}

func TestSendHasFingerprint(t *testing.T) {
	named := dlq.Fingerprint(&orderError{"42"}, "card-declined")
	for name, c := range map[string]struct {
		cause    error
		opts     []dlq.SendOption
		want     string
		wantType string
	}{
		"of an option":                  {&orderError{"42"}, []dlq.SendOption{dlq.WithFingerprint("bank-down")}, "bank-down", "*dlq_test.orderError"},
		"without an error":              {nil, []dlq.SendOption{dlq.WithFingerprint("bank-down")}, "bank-down", ""},
		"of an error":                   {fmt.Errorf("charging: %w", named), nil, "card-declined", "*dlq_test.orderError"},
		"of an option, not of an error": {named, []dlq.SendOption{dlq.WithFingerprint("bank-down")}, "bank-down", "*dlq_test.orderError"},
		"that is too long": {
			nil, []dlq.SendOption{dlq.WithFingerprint(strings.Repeat("x", 1<<20))}, strings.Repeat("x", 260), "",
		},
		"none": {&orderError{"42"}, nil, "", "*dlq_test.orderError"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			if _, err := fake.Client().Send(t.Context(), "orders", "a", c.cause, c.opts...); err != nil {
				t.Fatal(err)
			}
			failure := fake.Messages("orders")[0].GetFailure()
			if failure.GetFingerprint() != c.want || failure.GetType() != c.wantType {
				t.Errorf("got %v", failure)
			}
		})
	}
}

func TestConcurrentSendsAreAllStored(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	var all sync.WaitGroup
	for n := range 500 {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := client.Send(t.Context(), "orders", fmt.Sprint(n), nil); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if got := len(fake.Messages("orders")); got != 500 {
		t.Errorf("%d messages", got)
	}
}

func TestRefusedSendReturnsErrRefused(t *testing.T) {
	var dropped []string
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(err *dlq.Error, queue string) {
		dropped = append(dropped, fmt.Sprint(err.Kind, " ", queue))
	}))
	result, err := client.Send(t.Context(), "orders", make([]byte, 1<<20+1), nil)
	var failure *dlq.Error
	if !errors.Is(err, dlq.ErrRefused) || errors.Is(err, dlq.ErrDeadline) || !errors.As(err, &failure) {
		t.Fatalf("got %v", err)
	}
	if failure.MaybeStored || failure.Code != codes.InvalidArgument || status.Code(errors.Unwrap(err)) != codes.InvalidArgument {
		t.Errorf("got %+v", failure)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if result.Status != dlq.StatusDropped || result.Kept() || len(dropped) != 1 {
		t.Errorf("got %+v, reported %v", result, dropped)
	}
}

func TestPayloadThatJSONCannotEncodeIsInvalid(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	if _, err := client.Send(t.Context(), "orders", make(chan int), nil); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestEndedContextDoesNotStopSend(t *testing.T) {
	fake := dlqtest.NewFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := fake.Client().Send(ctx, "orders", "a", ctx.Err())
	if err != nil || result.Status != dlq.StatusSent {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestContextThatEndsDuringSendEndsWait(t *testing.T) {
	fake := dlqtest.NewFake(t)
	fake.GoDown()
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.Send(ctx, "orders", "a", nil); !errors.Is(err, dlq.ErrDeadline) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := client.Send(ctx, "orders", "a", nil); !errors.Is(err, dlq.ErrAborted) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The first try has its answer when the context ends.
func TestErrorOfSendThatEndsEarlyNamesLatestFailure(t *testing.T) {
	for kind, send := range map[dlq.Kind]func(ctx context.Context, client *dlq.Client) error{
		dlq.ErrAborted: func(ctx context.Context, client *dlq.Client) error {
			_, err := client.Send(ctx, "orders", "a", nil)
			return err
		},
		dlq.ErrClosed: func(ctx context.Context, client *dlq.Client) error {
			pending := client.SendAsync(ctx, "orders", "a", nil)
			_ = client.Close(ctx)
			_, err := pending.Result()
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		server := startScripted(t, func(*dlqv1.SendToDlqRequest) error {
			if tries++; tries == 2 {
				cancel()
			}
			return status.Error(codes.Unavailable, "the store is full")
		})
		client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithLogger(noLog()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close(context.Background()) })
		err = send(ctx, client)
		var failure *dlq.Error
		if !errors.As(err, &failure) || failure.Kind != kind || failure.Code != codes.Unavailable ||
			!strings.Contains(err.Error(), "the store is full") {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

func TestEndOfContextDoesNotEndSendAsync(t *testing.T) {
	fake := dlqtest.NewFake(t)
	fake.GoDown()
	ctx, cancel := context.WithCancel(t.Context()) // of a request or a handler
	pending := fake.Client().SendAsync(ctx, "orders", "a", nil)
	cancel()
	fake.ComeBack()
	if result, err := pending.Result(); err != nil || result.Status != dlq.StatusSent {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestSendAboveMaxPendingBytesNamesTheBound(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {}),
		dlq.WithCoalescing(dlq.Coalescing{MaxPendingBytes: 1_000}))
	_, err := client.Send(t.Context(), "orders", make([]byte, 1_000), nil)
	if !errors.Is(err, dlq.ErrBufferFull) || strings.Contains(err.Error(), " 0 sends") || !strings.Contains(err.Error(), "MaxPendingBytes") {
		t.Errorf("got %v", err)
	}
}

func TestClosedClientDropsSends(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	pending := client.SendAsync(t.Context(), "orders", "a", nil)
	if err := client.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if result, err := pending.Result(); err != nil || result.Status != dlq.StatusSent {
		t.Errorf("got %+v, %v", result, err)
	}
	if _, err := client.Send(t.Context(), "orders", "b", nil); !errors.Is(err, dlq.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := client.Worker([]string{"orders"}).Run(t.Context(), func(context.Context, *dlq.Delivery) error { return nil }); !errors.Is(err, dlq.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesInvalidOptions(t *testing.T) {
	for name, option := range map[string]dlq.Option{
		"timeout": dlq.WithSendTimeout(-1), "seconds as nanoseconds": dlq.WithSendTimeout(5), "try timeout": dlq.WithTryTimeout(2),
		"as long as request ids": dlq.WithSendTimeout(10 * time.Minute),
		"spool":                  dlq.WithSpool(dlq.Spool{MaxBytes: -1}),
		"token":                  dlq.WithToken("0123\n4567"),
	} {
		if _, err := dlq.New("localhost:50051", option); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, target := range []string{"", "localhost", "https://dlq.example/v1"} {
		if _, err := dlq.New(target); err == nil {
			t.Errorf("no error with the target %q", target)
		}
	}
}

func TestNewRefusesBoundsOutOfTheirRange(t *testing.T) {
	for want, c := range map[string]dlq.Coalescing{
		"": {MaxDelay: -1, MaxMessages: 1_000, MaxBytes: 3_670_016, MaxCalls: 1},
		"MaxMessages of Coalescing is 1001; give 1 to 1000, or 0 for the default of 100":        {MaxMessages: 1_001},
		"MaxMessages of Coalescing is -1; give 1 to 1000, or 0 for the default of 100":          {MaxMessages: -1},
		"MaxBytes of Coalescing is 3670017; give 1 to 3670016, or 0 for the default of 3145728": {MaxBytes: 3_670_017},
		"MaxCalls of Coalescing is -1; give 1 or more, or 0 for the default of 4":               {MaxCalls: -1},
		"MaxPendingMessages of Coalescing is -1; give 1 or more, or 0 for the default of 10000": {MaxPendingMessages: -1},
		"MaxPendingBytes of Coalescing is -1; give 1 or more, or 0 for the default of 67108864": {MaxPendingBytes: -1},
	} {
		client, err := dlq.New("localhost:50051", dlq.WithoutSpool(), dlq.WithCoalescing(c))
		switch {
		case err == nil:
			_ = client.Close(t.Context())
			if want != "" {
				t.Errorf("no error with %+v", c)
			}
		case err.Error() != "dlq: "+want:
			t.Errorf("got %v", err)
		}
	}
}

func TestPendingSendHoldsPayloadOnce(t *testing.T) {
	const count, length = 40, 1 << 20
	client, err := dlq.New(startSilent(t), dlq.WithoutSpool(), dlq.WithLogger(noLog()), dlq.WithSendTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	for range count {
		client.SendAsync(t.Context(), "orders", strings.Repeat("a", length), nil)
	}
	// Half as much again for everything else.
	if took := heap() - before; took > count*length*3/2 {
		t.Errorf("%d sends of %d bytes take %d bytes", count, length, took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = client.Close(ctx)
}

func TestCloseLogsAllDroppedMessages(t *testing.T) {
	var log bytes.Buffer
	client := dlqtest.NewFake(t).Client(dlq.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
	for range 5 {
		_, _ = client.Send(t.Context(), "orders", make(chan int), nil)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	dropped := 0
	for line := range strings.Lines(log.String()) {
		var entry struct {
			Msg      string
			Messages int
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		dropped += entry.Messages
		want := "dlq: dropped a message for queue \"orders\" (invalid): "
		if entry.Messages > 1 {
			want = fmt.Sprintf("dlq: dropped %d messages, the last for queue \"orders\" (invalid): ", entry.Messages)
		}
		if !strings.HasPrefix(entry.Msg, want) {
			t.Errorf("logged %q, want %q", entry.Msg, want)
		}
	}
	if dropped != 5 {
		t.Errorf("logged %d messages in %s", dropped, log.String())
	}
}

func TestOptionsInErrorPathLoseNoMessage(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(nil)
	for name, option := range map[string]dlq.SendOption{
		"nil": nil, "a due time in the past": dlq.WithDelay(-time.Minute), "a long timeout": dlq.WithTimeout(time.Hour),
		"seconds as nanoseconds": dlq.WithTimeout(5),
	} {
		if result, err := client.Send(t.Context(), name, "a", nil, option); err != nil || result.Status != dlq.StatusSent {
			t.Errorf("%s: got %+v, %v", name, result, err)
		}
	}
	if message := fake.Messages("a due time in the past")[0]; message.State != dlq.StateScheduled {
		t.Errorf("got %v", message)
	}
}

func TestWrongSetUpPanicsWithItsReason(t *testing.T) {
	var missing *dlq.Client
	handle := func(context.Context, string) error { return nil }
	for want, wrap := range map[string]func(){
		"dlq: the client of DeadLetter is nil":   func() { dlq.DeadLetter(missing, "orders", handle) },
		"dlq: the queue of DeadLetter is empty":  func() { dlq.DeadLetter(dlqtest.NewFake(t).Client(), "", handle) },
		"dlq: the function of DeadLetter is nil": func() { dlq.DeadLetter[string](dlqtest.NewFake(t).Client(), "orders", nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got %v instead of %s", got, want)
				}
			}()
			wrap()
		}()
	}
}
