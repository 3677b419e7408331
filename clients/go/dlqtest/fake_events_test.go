package dlqtest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// watched reads events until there are as many as wanted. It returns their types and the last resume token.
func watched(t *testing.T, client *dlq.Client, r *dlqv1.WatchEventsRequest, count int) (types []string, token string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	stream, err := client.Stubs().WatchEvents(ctx, r)
	for err == nil {
		var response *dlqv1.WatchEventsResponse
		if response, err = stream.Recv(); err != nil {
			break
		}
		for _, event := range response.GetEvents() {
			types = append(types, strings.TrimPrefix(event.GetType().String(), "EVENT_TYPE_"))
		}
		if len(types) >= count {
			return types, response.GetResumeToken()
		}
	}
	t.Fatalf("%v after %v", err, types)
	return nil, ""
}

func TestFakeHasEventsOfMessages(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	began := timestamppb.Now()
	mustSend(t, client)
	outcomes := []error{dlq.Release(0), errors.New("no bank"), dlq.Quarantine("look"), dlq.Discard("old")}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- client.Worker([]string{"orders"}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {})).Run(ctx,
			func(context.Context, *dlq.Delivery) error {
				outcome := outcomes[0]
				outcomes = outcomes[1:]
				return outcome
			})
	}()
	fake.WaitFor("orders", dlq.StateQuarantined)
	fake.MakeDue()
	fake.WaitFor("orders", dlq.StateDiscarded)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	want := []string{
		"MESSAGE_ADDED", "RETRY_SCHEDULED", "RELEASED", "RETRY_FAILED", "RETRY_SCHEDULED", "MOVED_TO_POISON", "DISCARDED",
	}
	got, token := watched(t, client, &dlqv1.WatchEventsRequest{Queues: []string{"ord*"}, StartTime: began}, len(want))
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	mustSend(t, client, dlq.WithMaxRetries(0))
	got, _ = watched(t, client, &dlqv1.WatchEventsRequest{ResumeToken: token}, 2)
	if !slices.Equal(got, []string{"MESSAGE_ADDED", "MOVED_TO_POISON"}) {
		t.Errorf("got %v behind the token", got)
	}
}

func TestFakeRefusesWhatItCannotWatch(t *testing.T) {
	client := dlqtest.NewFake(t).Client()
	for _, r := range []*dlqv1.WatchEventsRequest{{Filter: "true"}, {ResumeToken: "1"}, {ResumeToken: "x"}} {
		stream, err := client.Stubs().WatchEvents(t.Context(), r)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v", r, err)
		}
	}
}

func TestCallbacksCanBeTestedWithFake(t *testing.T) {
	fake := dlqtest.NewFake(t)
	quarantined := make(chan dlq.OutcomeEvent, 1)
	client := fake.Client(dlq.WithOnQuarantined(func(m dlq.OutcomeEvent) { quarantined <- m }))
	result := mustSend(t, client, dlq.WithMaxRetries(0), dlq.WithSourceID("order-1"))
	select {
	case m := <-quarantined:
		if m.ID != result.ID || m.SourceID != "order-1" || m.QuarantineReason != dlqv1.QuarantineReason_QUARANTINE_REASON_RETRIES_EXHAUSTED {
			t.Errorf("got %+v", m)
		}
	case <-time.After(10 * time.Second):
		t.Error("the callback was not called")
	}
}
