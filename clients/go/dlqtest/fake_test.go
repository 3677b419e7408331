package dlqtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func mustSend(t *testing.T, client *dlq.Client, opts ...dlq.SendOption) dlq.Result {
	t.Helper()
	result, err := client.Send(t.Context(), "orders", "a", errors.New("no answer"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSendsWithSameDedupKeyJoin(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	first, second := mustSend(t, client, dlq.WithDedupKey("k")), mustSend(t, client, dlq.WithDedupKey("k"))
	if second.Status != dlq.StatusJoined || second.ID != first.ID || len(fake.Messages("orders")) != 1 {
		t.Errorf("got %+v", second)
	}
}

func TestMakeDueDeliversScheduledAndQuarantined(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	mustSend(t, client, dlq.WithDelay(time.Hour))
	mustSend(t, client, dlq.WithMaxRetries(0))
	states := map[dlq.State]int{}
	for _, m := range fake.Messages("orders") {
		states[m.State]++
	}
	if states[dlq.StateScheduled] != 1 || states[dlq.StateQuarantined] != 1 {
		t.Fatalf("got %v", states)
	}
	fake.MakeDue()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- client.Worker([]string{"orders"}).Run(ctx, func(context.Context, *dlq.Delivery) error { return nil })
	}()
	fake.WaitFor("orders", dlq.StateSucceeded)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSendsFailDuringOutageOnly(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	fake.GoDown()
	_, err := client.Send(t.Context(), "orders", "a", nil, dlq.WithTimeout(50*time.Millisecond))
	if !errors.Is(err, dlq.ErrDeadline) || len(fake.Messages("orders")) != 0 {
		t.Errorf("got %v", err)
	}
	fake.ComeBack()
	mustSend(t, client)
}

// The generated stubs set no request id.
func TestSendsWithoutRequestIDAreSeparateMessages(t *testing.T) {
	fake := dlqtest.NewFake(t)
	stubs := fake.Client().Stubs()
	for _, text := range []string{"a", "b"} {
		payload := &dlqv1.Payload{Body: &dlqv1.Payload_Text{Text: text}}
		if _, err := stubs.SendToDlq(t.Context(), &dlqv1.SendToDlqRequest{Queue: "orders", Payload: payload}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(fake.Messages("orders")); got != 2 {
		t.Errorf("%d messages", got)
	}
}

func TestRefusalHasReasonOfService(t *testing.T) {
	_, err := dlqtest.NewFake(t).Client().Stubs().SendToDlq(t.Context(), &dlqv1.SendToDlqRequest{})
	st := status.Convert(err)
	if st.Code() != codes.InvalidArgument || len(st.Details()) != 1 {
		t.Fatalf("got %v", err)
	}
	if info, ok := st.Details()[0].(*errdetails.ErrorInfo); !ok || info.GetReason() != "INVALID_REQUEST" || info.GetDomain() != "dlq.v1" {
		t.Errorf("got %v", st.Details())
	}
}

func TestPayloadOfMoreThanOneMebibyteIsRefused(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	for field, payload := range map[string]func(size int) any{
		"text": func(size int) any { return strings.Repeat("x", size) },
		"data": func(size int) any { return make([]byte, size) },
	} {
		if _, err := client.Send(t.Context(), "orders", payload(1<<20), nil); err != nil {
			t.Error(err)
		}
		want := "payload." + field + ": is 1048577 bytes long; this server accepts at most 1048576: store large"
		_, err := client.Send(t.Context(), "orders", payload(1<<20+1), nil)
		if !errors.Is(err, dlq.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
}

// A spool does not keep it, because the refusal is permanent.
func TestSendRefusedByFakeIsDropped(t *testing.T) {
	client := dlqtest.NewFake(t).Client(
		dlq.WithSpool(dlq.Spool{Folder: t.TempDir()}), dlq.WithOnDropped(func(*dlq.Error, string) {}))
	if _, err := client.Send(t.Context(), "orders", make([]byte, 1<<20+1), nil); !errors.Is(err, dlq.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestFakeAnswersPing(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	if err := client.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	fake.GoDown()
	if err := client.Ping(t.Context()); !errors.Is(err, dlq.ErrConnection) {
		t.Errorf("got %v", err)
	}
	fake.ComeBack()
}

func TestFakeCountsMessages(t *testing.T) {
	client := dlqtest.NewFake(t).Client()
	mustSend(t, client)
	mustSend(t, client, dlq.WithMaxRetries(0))
	for _, queues := range [][]string{nil, {"orders"}} {
		stats, err := client.Stubs().Stats(t.Context(), &dlqv1.StatsRequest{Queues: queues})
		if err != nil {
			t.Fatal(err)
		}
		if q := stats.GetQueues(); stats.GetTotalMessages() != 2 || stats.GetTotalPoisonMessages() != 1 || len(q) != 1 ||
			q[0].GetQueue() != "orders" || q[0].GetScheduled() != 1 || q[0].GetQuarantined() != 1 || q[0].GetInFlight() != 0 {
			t.Errorf("got %v", stats)
		}
	}
}
