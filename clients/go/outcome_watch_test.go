package dlq_test

import (
	"context"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// outcome is a call of a callback.
type outcome struct {
	kind string
	dlq.OutcomeEvent
}

// outcomesTo returns options for callbacks that write to a channel.
func outcomesTo(outcomes chan<- outcome) []dlq.Option {
	to := func(kind string) func(dlq.OutcomeEvent) {
		return func(m dlq.OutcomeEvent) { outcomes <- outcome{kind, m} }
	}
	return []dlq.Option{
		dlq.WithOnSucceeded(to("succeeded")), dlq.WithOnFailed(to("failed")), dlq.WithOnQuarantined(to("quarantined")),
	}
}

// watchingClient returns a client without a spool, with callbacks that write to a channel.
func watchingClient(t *testing.T, target string, opts ...dlq.Option) (*dlq.Client, chan outcome) {
	t.Helper()
	outcomes := make(chan outcome, 20_000)
	client, err := dlq.New(target, append(append([]dlq.Option{dlq.WithoutSpool()}, outcomesTo(outcomes)...), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(context.Background()) })
	return client, outcomes
}

// sendOne returns the id of a message.
func sendOne(t *testing.T, client *dlq.Client, opts ...dlq.SendOption) string {
	t.Helper()
	result, err := client.Send(t.Context(), "orders", "a", nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return result.ID
}

func expectOutcome(t *testing.T, outcomes <-chan outcome, kind, id string) outcome {
	t.Helper()
	got := receive(t, outcomes, "outcome")
	if got.kind != kind || got.ID != id {
		t.Errorf("got %+v", got)
	}
	return got
}

func expectNoOutcome(t *testing.T, outcomes <-chan outcome) {
	t.Helper()
	if len(outcomes) > 0 {
		t.Errorf("got %+v, too", <-outcomes)
	}
}

func TestWatchBeginsBeforeOldestMessage(t *testing.T) {
	server := startWatchServer(t)
	client, _ := watchingClient(t, server.target)
	sendOne(t, client)
	request := server.nextCall(t).request
	if got := server.acceptTime().Sub(request.GetStartTime().AsTime()); got != time.Second || request.GetQueues()[0] != "orders" {
		t.Errorf("%v before the first message: %v", got, request)
	}
}

func TestWatchResumesWithoutRepeats(t *testing.T) {
	server, log := startWatchServer(t), newWatchLog()
	client, outcomes := watchingClient(t, server.target, log.option())
	id := sendOne(t, client)
	call := server.nextCall(t)
	call.sendToken("first")
	call.send(failedEvent("1", id))
	expectOutcome(t, outcomes, "failed", id)
	for range 2 {
		call.end <- status.Error(codes.Unavailable, "the connection is too old")
		call = server.nextCall(t)
		if got := call.request.GetResumeToken(); got != "first" {
			t.Errorf("resumed at %q", got)
		}
		call.send(failedEvent("1", id))
	}
	call.send(succeededEvent("2", id))
	expectOutcome(t, outcomes, "succeeded", id)
	log.expect(t, `outcome callbacks of queue \"orders\" wait: the connection is too old; retrying`)
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
	expectNoOutcome(t, outcomes)
	log.expectNoMore(t)
}

func TestRefusedTokenIsForgotten(t *testing.T) {
	server, log := startWatchServer(t), newWatchLog()
	client, outcomes := watchingClient(t, server.target, log.option())
	id := sendOne(t, client)
	failed := failedEvent("1", id)
	call := server.nextCall(t)
	call.send(failed)
	call.sendToken("of another version")
	call.end <- serviceError(codes.InvalidArgument, "INVALID_REQUEST")
	call = server.nextCall(t)
	before := failed.GetTime().AsTime().Sub(call.request.GetStartTime().AsTime())
	if call.request.GetResumeToken() != "" || before != time.Second {
		t.Errorf("%v before the latest event: %v", before, call.request)
	}
	call.send(failed, succeededEvent("2", id))
	expectOutcome(t, outcomes, "failed", id)
	expectOutcome(t, outcomes, "succeeded", id)
}

func TestGapIsLogged(t *testing.T) {
	server, log := startWatchServer(t), newWatchLog()
	client, _ := watchingClient(t, server.target, log.option())
	sendOne(t, client)
	server.nextCall(t).responses <- &dlqv1.WatchEventsResponse{Gap: &dlqv1.EventGap{MissedCount: 7, UndoneCount: 2}}
	log.expect(t, `outcome callbacks of queue \"orders\" may be missing: up to 7 state changes were removed before they were read, `+
		`and the store lost up to 2; read the messages for their state`)
}

func TestServerWithoutWatchEventsIsLoggedOnce(t *testing.T) {
	server, log := startWatchServer(t), newWatchLog()
	client, outcomes := watchingClient(t, server.target, log.option())
	id := sendOne(t, client)
	for range 2 {
		server.nextCall(t).end <- status.Error(codes.Unimplemented, "unknown method WatchEvents")
	}
	log.expect(t, "outcome callbacks are not called: the server has no WatchEvents; upgrade it")
	server.nextCall(t).send(succeededEvent("1", id)) // of a newer server
	expectOutcome(t, outcomes, "succeeded", id)
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
	log.expectNoMore(t)
}

func TestEventBeforeSendReturnsIsRemembered(t *testing.T) {
	server := startWatchServer(t)
	client, outcomes := watchingClient(t, server.target)
	first := sendOne(t, client)
	call := server.nextCall(t)
	second := first[:len(first)-1] + "2"
	server.setAnswer(func(*dlqv1.SendToDlqRequest) error {
		call.send(failedEvent("1", second), succeededEvent("2", second), failedEvent("3", first))
		expectOutcome(t, outcomes, "failed", first) // the watch has read all
		return nil
	})
	if id := sendOne(t, client, dlq.WithSourceID("order-2")); id != second {
		t.Fatalf("the id is %s", id)
	}
	if got := expectOutcome(t, outcomes, "failed", second); got.SourceID != "order-2" {
		t.Errorf("got %+v", got)
	}
	expectOutcome(t, outcomes, "succeeded", second)
}

func TestMessageIsFollowedToOtherQueue(t *testing.T) {
	server := startWatchServer(t)
	client, outcomes := watchingClient(t, server.target)
	id := sendOne(t, client, dlq.WithSourceID("order-1"))
	away := event("1", dlqv1.EventType_EVENT_TYPE_MOVED_AWAY, id)
	away.OtherQueue = "later"
	server.nextCall(t).send(away, succeededEvent("2", id)) // the second is of no followed message
	call := server.nextCall(t)
	if got := away.GetTime().AsTime().Sub(call.request.GetStartTime().AsTime()); got != time.Second || call.request.GetQueues()[0] != "later" {
		t.Errorf("%v before the move: %v", got, call.request)
	}
	failed := failedEvent("3", id)
	failed.Queue = "later"
	call.send(failed)
	if got := expectOutcome(t, outcomes, "failed", id); got.Queue != "later" || got.SourceID != "order-1" {
		t.Errorf("got %+v", got)
	}
	expectNoOutcome(t, outcomes)
}

func TestWatchEndsAfterItsLastMessage(t *testing.T) {
	for name, last := range map[string]func(*dlqv1.Event){
		"a success":    func(e *dlqv1.Event) { e.Type, e.State = dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS, dlq.StateSucceeded },
		"discarded":    func(e *dlqv1.Event) { e.Type = dlqv1.EventType_EVENT_TYPE_DISCARDED },
		"purged":       func(e *dlqv1.Event) { e.Type = dlqv1.EventType_EVENT_TYPE_PURGED },
		"expired":      func(e *dlqv1.Event) { e.Type, e.State = dlqv1.EventType_EVENT_TYPE_EXPIRED, dlq.StateExpired },
		"another move": func(e *dlqv1.Event) { e.Type, e.OtherQueue = dlqv1.EventType_EVENT_TYPE_MOVED_AWAY, "later" },
	} {
		t.Run(name, func(t *testing.T) {
			server := startWatchServer(t)
			client, outcomes := watchingClient(t, server.target)
			dlq.SetIdleWatchTime(client, time.Millisecond)
			id := sendOne(t, client)
			call := server.nextCall(t)
			again := succeededEvent("1", id)
			again.State = dlq.StateScheduled // a failure joined it
			quarantined := event("2", dlqv1.EventType_EVENT_TYPE_MOVED_TO_POISON, id)
			expired := event("3", dlqv1.EventType_EVENT_TYPE_EXPIRED, id)
			quarantined.State, expired.State = dlq.StateQuarantined, dlq.StateQuarantined
			for range 2 { // repeats
				call.send(again, expired, quarantined)
			}
			call.send(failedEvent("4", id))
			expectOutcome(t, outcomes, "succeeded", id)
			expectOutcome(t, outcomes, "quarantined", id)
			expectOutcome(t, outcomes, "failed", id)
			gone := event("5", 0, id)
			last(gone)
			call.send(gone)
			receive(t, call.ended, "end of the watch")
			if name != "another move" {
				sendOne(t, client)
				server.nextCall(t)
			}
		})
	}
}

func TestOldestOfMoreThanTenThousandMessagesIsNotFollowed(t *testing.T) {
	server, log := startWatchServer(t), newWatchLog()
	client, outcomes := watchingClient(t, server.target, log.option())
	first, second := sendOne(t, client), sendOne(t, client)
	for i := range 10_000 {
		client.SendAsync(t.Context(), "orders", "a", nil)
		if i%5_000 == 0 {
			_ = client.Flush(t.Context())
		}
	}
	_ = client.Flush(t.Context())
	last := sendOne(t, client)
	log.expect(t, "outcome callbacks are not called for the oldest of more than 10000 followed messages; use events in NATS")
	server.nextCall(t).send(failedEvent("1", first), failedEvent("2", second), failedEvent("3", last))
	expectOutcome(t, outcomes, "failed", last)
	log.expectNoMore(t)
}
