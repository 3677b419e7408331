package dlq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func TestSlowCallbackDelaysItsQueueOnly(t *testing.T) {
	server := startWatchServer(t)
	begun, end, outcomes := make(chan struct{}), make(chan struct{}), make(chan dlq.OutcomeEvent, 10)
	client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithOnFailed(func(m dlq.OutcomeEvent) {
		if m.Queue == "orders" && m.Attempts == 1 {
			close(begun)
			<-end
		}
		outcomes <- m
	}))
	if err != nil {
		t.Fatal(err)
	}
	id := sendOne(t, client)
	first, second := failedEvent("1", id), failedEvent("2", id)
	first.RetryCount, second.RetryCount = 1, 2
	server.nextCall(t).send(first, second)
	<-begun
	result, err := client.Send(t.Context(), "others", "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	other := failedEvent("3", result.ID)
	other.Queue = "others"
	server.nextCall(t).send(other)
	if got := receive(t, outcomes, "outcome"); got.ID != result.ID {
		t.Errorf("got %+v", got)
	}
	close(end)
	for attempts := range 2 {
		if got := receive(t, outcomes, "outcome"); got.ID != id || got.Attempts != attempts+1 {
			t.Errorf("got %+v", got)
		}
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCloseWaitsForRunningCallback(t *testing.T) {
	server := startWatchServer(t)
	begun, closed, calls := make(chan struct{}), make(chan struct{}), make(chan bool, 10)
	client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithOnFailed(func(dlq.OutcomeEvent) {
		close(begun)
		select {
		case <-closed:
			calls <- true
		case <-time.After(50 * time.Millisecond):
			calls <- false
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	id := sendOne(t, client)
	server.nextCall(t).send(failedEvent("1", id), failedEvent("2", id))
	<-begun
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
	close(closed)
	if <-calls {
		t.Error("Close returned before the callback")
	}
	if len(calls) > 0 {
		t.Error("a callback was called after Close")
	}
	expectNoGoroutines(t)
}

func TestCloseEndsWithItsContextDuringCallback(t *testing.T) {
	server := startWatchServer(t)
	begun, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithOnFailed(func(dlq.OutcomeEvent) {
		close(begun)
		<-end
	}))
	if err != nil {
		t.Fatal(err)
	}
	id := sendOne(t, client)
	server.nextCall(t).send(failedEvent("1", id))
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	_ = client.Close(ctx)
	if took := time.Since(began); took >= 5*time.Second {
		t.Errorf("Close took %v", took)
	}
}

func TestCallbackMayClose(t *testing.T) {
	for _, isClosing := range []bool{false, true} { // by another call of Close
		server := startWatchServer(t)
		begun, may, closed := make(chan struct{}), make(chan *dlq.Client), make(chan error)
		client, err := dlq.New(server.target, dlq.WithoutSpool(), dlq.WithOnFailed(func(dlq.OutcomeEvent) {
			close(begun)
			closed <- (<-may).Close(context.Background())
		}))
		if err != nil {
			t.Fatal(err)
		}
		id := sendOne(t, client)
		call := server.nextCall(t)
		call.send(failedEvent("1", id))
		receive(t, begun, "callback")
		began := time.Now()
		if isClosing {
			go func() { _ = client.Close(context.Background()) }()
			receive(t, call.ended, "end of the watch")
		}
		may <- client
		if err := receive(t, closed, "end of Close"); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took >= 5*time.Second {
			t.Errorf("Close took %v", took)
		}
	}
}

func TestCallbackMayEndItsGoroutine(t *testing.T) {
	server, log := startWatchServer(t), newWatchLog()
	called := make(chan string, 10)
	client, err := dlq.New(server.target, dlq.WithoutSpool(), log.option(), dlq.WithOnFailed(func(m dlq.OutcomeEvent) {
		called <- m.ID
		panic("no bank")
	}), dlq.WithOnQuarantined(func(dlq.OutcomeEvent) { t.FailNow() }))
	if err != nil {
		t.Fatal(err)
	}
	id := sendOne(t, client)
	server.nextCall(t).send(failedEvent("1", id), failedEvent("2", id))
	for range 2 {
		receive(t, called, "outcome")
		log.expect(t, "dlq: WithOnFailed failed for message "+id+` of queue \"orders\"; the event is not repeated`)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCallbacksOfServer(t *testing.T) {
	client, outcomes := watchingClient(t, startServer(t).Target())
	const count = 200
	ids := map[string][]string{}
	var all []*dlq.PendingSend
	for range count { // in batches
		all = append(all, client.SendAsync(t.Context(), "orders", "a", nil, dlq.WithDelay(0)))
	}
	for _, pending := range all {
		result, err := pending.Result()
		if err != nil {
			t.Fatal(err)
		}
		ids[result.ID] = nil
	}
	work(t, client, func(_ context.Context, d *dlq.Delivery) error {
		if d.Attempt == 1 {
			return dlq.RetryAfter(errors.New("no bank"), time.Millisecond)
		}
		return nil
	}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}))
	for range 2 * count {
		got := receive(t, outcomes, "outcome")
		ids[got.ID] = append(ids[got.ID], got.kind)
		if got.Attempts != 1 || got.Queue != "orders" || (got.kind == "failed") == got.DueTime.IsZero() || got.Time.IsZero() {
			t.Errorf("got %+v", got)
		}
	}
	for id, kinds := range ids {
		if len(kinds) != 2 || kinds[0] != "failed" || kinds[1] != "succeeded" {
			t.Errorf("%s: %v", id, kinds)
		}
	}
	if len(ids) != count {
		t.Errorf("%d messages", len(ids))
	}
}

func TestCallbacksOfMovedMessage(t *testing.T) {
	client, outcomes := watchingClient(t, startServer(t).Target())
	rule := &dlqv1.Rule{
		Name: "later", Event: dlqv1.RuleEvent_RULE_EVENT_FAILURE, When: `message.queue == "orders"`,
		Action: &dlqv1.RuleAction{Queue: "later"},
	}
	if _, err := client.Admin().UpdateRules(t.Context(), &dlqv1.UpdateRulesRequest{
		RuleSet: &dlqv1.RuleSet{Rules: []*dlqv1.Rule{rule}},
	}); err != nil {
		t.Fatal(err)
	}
	id := sendOne(t, client, dlq.WithDelay(0), dlq.WithSourceID("order-1"))
	moved := client.Worker([]string{"later"})
	go func() { // ends with the client
		_ = moved.Run(context.Background(), func(context.Context, *dlq.Delivery) error { return nil })
	}()
	work(t, client, func(context.Context, *dlq.Delivery) error {
		return dlq.RetryAfter(errors.New("no bank"), time.Millisecond)
	}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}))
	expectOutcome(t, outcomes, "failed", id)
	if got := expectOutcome(t, outcomes, "succeeded", id); got.Queue != "later" || got.SourceID != "order-1" {
		t.Errorf("got %+v", got)
	}
}
