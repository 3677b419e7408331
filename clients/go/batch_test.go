package dlq_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// batchServer delivers messages in one frame. Their payloads and lease tokens are given.
type batchServer struct {
	dlqv1.UnimplementedDlqServiceServer
	lease    time.Duration
	payloads []string
	// areEqual: all messages have the payload "x" and no source id.
	areEqual bool
	// isLost says which leases an extension finds lost.
	isLost func(payload string) bool

	mu       sync.Mutex
	inFlight uint32
	outcomes map[string]*dlqv1.Outcome
	// settled is closed when all messages have an outcome.
	settled chan struct{}
	settle  func()
}

func newBatchServer(payloads ...string) *batchServer {
	s := &batchServer{
		lease: time.Minute, payloads: payloads, isLost: func(string) bool { return false },
		outcomes: map[string]*dlqv1.Outcome{}, settled: make(chan struct{}),
	}
	s.settle = sync.OnceFunc(func() { close(s.settled) })
	return s
}

func (s *batchServer) StreamDue(r *dlqv1.StreamDueRequest, stream grpc.ServerStreamingServer[dlqv1.StreamDueResponse]) error {
	s.mu.Lock()
	s.inFlight = r.GetMaxInFlight()
	s.mu.Unlock()
	all := &dlqv1.Deliveries{}
	for i, payload := range s.payloads {
		message := &dlqv1.Message{
			Id: fmt.Sprint("id-", i), Queue: "orders", SourceId: payload,
			Payload: &dlqv1.Payload{Body: &dlqv1.Payload_Text{Text: payload}},
		}
		if s.areEqual {
			message.SourceId, message.Payload = "", &dlqv1.Payload{Body: &dlqv1.Payload_Text{Text: "x"}}
		}
		all.Deliveries = append(all.Deliveries, &dlqv1.Delivery{
			Message:    message,
			LeaseToken: payload, LeaseExpireTime: timestamppb.New(time.Now().Add(s.lease)), Attempt: 1,
		})
	}
	for _, response := range []*dlqv1.StreamDueResponse{
		{Frame: &dlqv1.StreamDueResponse_Opened{Opened: &dlqv1.Opened{SessionId: "s", LeaseDuration: durationpb.New(s.lease)}}},
		{Frame: &dlqv1.StreamDueResponse_Deliveries{Deliveries: all}},
	} {
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (s *batchServer) ExtendLease(_ context.Context, r *dlqv1.ExtendLeaseRequest) (*dlqv1.ExtendLeaseResponse, error) {
	response := &dlqv1.ExtendLeaseResponse{}
	for _, token := range r.GetLeaseTokens() {
		result := &dlqv1.ExtendLeaseResult{
			LeaseToken: token, Status: dlqv1.AckStatus_ACK_STATUS_APPLIED,
			LeaseExpireTime: timestamppb.New(time.Now().Add(s.lease)),
		}
		if s.isLost(token) {
			result.Status = dlqv1.AckStatus_ACK_STATUS_LEASE_LOST
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}

func (s *batchServer) Ack(_ context.Context, r *dlqv1.AckRequest) (*dlqv1.AckResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	response := &dlqv1.AckResponse{}
	for _, outcome := range r.GetOutcomes() {
		s.outcomes[outcome.GetLeaseToken()] = outcome
		response.Results = append(response.Results, &dlqv1.AckResult{Status: dlqv1.AckStatus_ACK_STATUS_APPLIED})
	}
	if len(s.outcomes) == len(s.payloads) {
		s.settle()
	}
	return response, nil
}

// kinds returns the kinds of all outcomes, by payload.
func (s *batchServer) kinds() map[string]dlq.OutcomeKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := map[string]dlq.OutcomeKind{}
	for payload, outcome := range s.outcomes {
		switch outcome.GetResult().(type) {
		case *dlqv1.Outcome_Succeeded:
			kinds[payload] = dlq.Succeeded
		case *dlqv1.Outcome_Failed:
			kinds[payload] = dlq.Failed
		case *dlqv1.Outcome_Released:
			kinds[payload] = dlq.Released
		case *dlqv1.Outcome_Quarantined:
			kinds[payload] = dlq.Quarantined
		}
	}
	return kinds
}

// workBatches runs a worker. The returned function waits for the outcome of each message, and ends the worker.
func workBatches(t *testing.T, client *dlq.Client, s *batchServer, handler dlq.BatchHandler, opts ...dlq.WorkerOption) (settled func()) {
	t.Helper()
	worker := client.Worker([]string{"orders"}, opts...)
	done := make(chan error, 1)
	go func() { done <- worker.RunBatch(context.Background(), handler) }()
	return func() {
		t.Helper()
		select {
		case <-s.settled:
		case <-time.After(10 * time.Second):
			t.Fatalf("only %v are settled", s.kinds())
		}
		if err := worker.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestBatchHasWhatWaitsUpToItsSize(t *testing.T) {
	s := newBatchServer("a", "b", "c", "d", "e", "f", "g")
	var batches []string
	workBatches(t, clientOf(t, s), s, func(_ context.Context, batch []*dlq.Delivery) error {
		var text strings.Builder
		for _, d := range batch {
			text.WriteString(d.Payload.Text())
		}
		batches = append(batches, text.String()) // one after another
		return nil
	}, dlq.WithBatchSize(3))()
	if !slices.Equal(batches, []string{"abc", "def", "g"}) {
		t.Errorf("the batches are %q", batches)
	}
	if s.inFlight != 6 {
		t.Errorf("max_in_flight is %d", s.inFlight)
	}
	for payload, kind := range s.kinds() {
		if kind != dlq.Succeeded {
			t.Errorf("%s is %s", payload, kind)
		}
	}
}

func TestBatchHandlerReturnIsOutcomeOfAllOrEach(t *testing.T) {
	noStock := errors.New("no stock")
	const idA, idB, idC = `message id-0 of queue "orders", attempt 1`, `message id-1 of queue "orders", attempt 1`, `message id-2 of queue "orders", attempt 1`
	type kinds = map[string]dlq.OutcomeKind
	all := func(kind dlq.OutcomeKind) kinds { return kinds{"a": kind, "b": kind, "c": kind, "d": kind} }
	allFailed := "dlq: the handler failed: " + idA + "; " + idB + "; " + idC + "; 1 more"
	for name, c := range map[string]struct {
		result  error
		kinds   kinds
		reports []string
	}{
		"nil":        {nil, all(dlq.Succeeded), nil},
		"quarantine": {dlq.Quarantine(""), all(dlq.Quarantined), nil},
		"an error":   {noStock, all(dlq.Failed), []string{allFailed}},
		"fail":       {dlq.Fail(noStock), all(dlq.Failed), nil},
		"each": {
			dlq.Each(nil, dlq.Quarantine("look"), dlq.Fail(noStock), noStock),
			kinds{"a": dlq.Succeeded, "b": dlq.Quarantined, "c": dlq.Failed, "d": dlq.Failed},
			[]string{`dlq: the handler failed: message id-3 of queue "orders", attempt 1`},
		},
		"too few": {dlq.Each(nil, nil), all(dlq.Failed), []string{allFailed}},
		"none":    {dlq.Each(), all(dlq.Failed), []string{allFailed}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newBatchServer("a", "b", "c", "d")
			var mu sync.Mutex
			var reports []string
			causes := map[string]error{}
			workBatches(t, clientOf(t, s), s, func(context.Context, []*dlq.Delivery) error { return c.result },
				dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) {
					mu.Lock()
					defer mu.Unlock()
					reports = append(reports, err.Error())
				}), dlq.WithOnSettled(func(d *dlq.Delivery, settled dlq.Settled) {
					mu.Lock()
					defer mu.Unlock()
					causes[d.Payload.Text()] = settled.Err
				}))()
			if got := s.kinds(); !maps.Equal(got, c.kinds) {
				t.Errorf("the outcomes are %v", got)
			}
			if !slices.Equal(reports, c.reports) {
				t.Errorf("the reports are %q", reports)
			}
			if name == "too few" && (causes["a"] == nil || causes["a"].Error() != "dlq: the handler returned 2 outcomes for 4 deliveries") {
				t.Errorf("the cause is %v", causes["a"])
			}
		})
	}
}

func TestPanicOfBatchHandlerFailsAll(t *testing.T) {
	s := newBatchServer("a", "b")
	reports := make(chan *dlq.Error, 10)
	workBatches(t, clientOf(t, s), s, func(context.Context, []*dlq.Delivery) error { panic("no stock") },
		dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) { reports <- err }))()
	if got := s.kinds(); got["a"] != dlq.Failed || got["b"] != dlq.Failed || len(reports) != 1 {
		t.Errorf("got %v and %d reports", got, len(reports))
	}
}

func TestSendOfMessageInBatchFailsItsDeliveryOnly(t *testing.T) {
	for name, areEqual := range map[string]bool{"of others": false, "of equal ones": true} {
		t.Run(name, func(t *testing.T) {
			s := newBatchServer("a", "b", "c")
			s.areEqual = areEqual
			client := clientOf(t, s)
			workBatches(t, client, s, func(ctx context.Context, batch []*dlq.Delivery) error {
				var payload any = batch[1]
				if !areEqual {
					payload = batch[1].Payload.Text()
				}
				for range 2 {
					result, err := client.Send(ctx, "orders", payload, errors.New("again"))
					if err != nil || result.Status != dlq.StatusDelivery || result.ID != "id-1" {
						t.Errorf("got %+v, %v", result, err)
					}
				}
				return nil
			})()
			want := map[string]dlq.OutcomeKind{"a": dlq.Succeeded, "b": dlq.Failed, "c": dlq.Succeeded}
			if got := s.kinds(); !maps.Equal(got, want) {
				t.Errorf("the outcomes are %v", got)
			}
		})
	}
}

// No message may be done because another one with the same payload has failed.
func TestSendsOfEqualMessagesInBatchFailEach(t *testing.T) {
	s := newBatchServer("a", "b", "c")
	s.areEqual = true
	client := clientOf(t, s)
	workBatches(t, client, s, func(ctx context.Context, batch []*dlq.Delivery) error {
		for range batch {
			if _, err := client.Send(ctx, "orders", "x", errors.New("again")); err != nil {
				t.Error(err)
			}
		}
		return nil
	})()
	if got := s.kinds(); got["a"] != dlq.Failed || got["b"] != dlq.Failed || got["c"] != dlq.Failed {
		t.Errorf("the outcomes are %v", got)
	}
}

func TestBatchContextEndsWhenAllLeasesAreLost(t *testing.T) {
	s := newBatchServer("a", "b")
	s.lease = 300 * time.Millisecond
	s.isLost = func(string) bool { return true }
	lost := make(chan *dlq.Delivery, 10)
	client := clientOf(t, s)
	worker := client.Worker([]string{"orders"}, dlq.WithOnError(func(err *dlq.Error, d *dlq.Delivery) {
		if !errors.Is(err, dlq.ErrLeaseLost) {
			t.Errorf("reported %v", err)
		}
		lost <- d
	}))
	done := make(chan error, 1)
	causes := make(chan error, 1)
	go func() {
		done <- worker.RunBatch(context.Background(), func(ctx context.Context, _ []*dlq.Delivery) error {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		})
	}()
	if cause := <-causes; !errors.Is(cause, dlq.ErrLeaseLost) {
		t.Errorf("the cause is %v", cause)
	}
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(lost) != 2 || len(s.kinds()) != 0 {
		t.Errorf("%d leases are lost, the outcomes are %v", len(lost), s.kinds())
	}
}

func TestLostLeaseInBatchConcernsItsDeliveryOnly(t *testing.T) {
	s := newBatchServer("a", "b")
	s.lease = 300 * time.Millisecond
	s.isLost = func(payload string) bool { return payload == "a" }
	lost := make(chan *dlq.Delivery, 10)
	worker := clientOf(t, s).Worker([]string{"orders"}, dlq.WithOnError(func(err *dlq.Error, d *dlq.Delivery) { lost <- d }))
	done := make(chan error, 1)
	go func() {
		done <- worker.RunBatch(context.Background(), func(ctx context.Context, batch []*dlq.Delivery) error {
			if d := <-lost; d != batch[0] || !d.LeaseLost() || batch[1].LeaseLost() || ctx.Err() != nil {
				t.Errorf("%s is lost, %v", d.Payload.Text(), ctx.Err())
			}
			go func() { _ = worker.Shutdown(context.Background()) }()
			return nil
		})
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := s.kinds(); len(got) != 1 || got["b"] != dlq.Succeeded {
		t.Errorf("the outcomes are %v", got)
	}
}

func TestStopCancelsBatchAndReleases(t *testing.T) {
	s := newBatchServer("a", "b")
	worker := clientOf(t, s).Worker([]string{"orders"}, dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) { t.Error(err) }))
	done, begun := make(chan error, 1), make(chan struct{})
	go func() {
		done <- worker.RunBatch(context.Background(), func(ctx context.Context, _ []*dlq.Delivery) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := worker.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := s.kinds(); got["a"] != dlq.Released || got["b"] != dlq.Released {
		t.Errorf("the outcomes are %v", got)
	}
}

func TestMiddlewareRunsAroundHandler(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	var seen []string
	named := func(name string) dlq.Middleware {
		return func(next dlq.Handler) dlq.Handler {
			return func(ctx context.Context, d *dlq.Delivery) error {
				seen = append(seen, name+" "+d.Payload.Text())
				err := next(ctx, d)
				seen = append(seen, "after "+name)
				if err != nil {
					return dlq.Quarantine(name)
				}
				return err
			}
		}
	}
	settled := make(chan dlq.Settled, 1)
	work(t, client, func(context.Context, *dlq.Delivery) error { return errors.New("no stock") },
		dlq.WithMiddleware(named("one")), dlq.WithMiddleware(named("two")),
		dlq.WithOnSettled(func(_ *dlq.Delivery, s dlq.Settled) { settled <- s }))
	send(t, client, "x")
	if got := <-settled; got.Outcome != dlq.Quarantined {
		t.Errorf("got %+v", got)
	}
	if want := []string{"one x", "two x", "after two", "after one"}; !slices.Equal(seen, want) {
		t.Errorf("ran %q", seen)
	}
}

func TestInvalidWorkersAreRefused(t *testing.T) {
	client := dlqtest.NewFake(t).Client()
	handler := func(context.Context, *dlq.Delivery) error { return nil }
	batchHandler := func(context.Context, []*dlq.Delivery) error { return nil }
	middleware := func(next dlq.Handler) dlq.Handler { return next }
	run := func(handler dlq.Handler, opts ...dlq.WorkerOption) error {
		return client.Worker([]string{"orders"}, opts...).Run(t.Context(), handler)
	}
	runBatch := func(handler dlq.BatchHandler, opts ...dlq.WorkerOption) error {
		return client.Worker([]string{"orders"}, opts...).RunBatch(t.Context(), handler)
	}
	for text, err := range map[string]error{
		"dlq: the handler of a worker is nil":                                            run(nil),
		"dlq: the name of a queue is empty":                                              client.Worker([]string{"orders", ""}).Run(t.Context(), handler),
		"dlq: the drain timeout is 30ns; give 0, or at least 1ms such as 30*time.Second": run(handler, nil, dlq.WithDrainTimeout(30)),
		"dlq: the lease is 30ns; give 1s to 12h0m0s":                                     run(handler, dlq.WithLease(30)),
		"dlq: the batch handler of a worker is nil":                                      runBatch(nil),
		"dlq: a middleware of a worker is nil, or returned nil":                          run(handler, dlq.WithMiddleware(nil)),
		"dlq: WithBatchSize is for RunBatch":                                             run(handler, dlq.WithBatchSize(2)),
		"dlq: WithMiddleware is for Run: it wraps a Handler":                             runBatch(batchHandler, dlq.WithMiddleware(middleware)),
		"dlq: the batch size is 0; give 1 to 1000":                                       runBatch(batchHandler, dlq.WithBatchSize(0)),
		"dlq: the batch size is 1001; give 1 to 1000":                                    runBatch(batchHandler, dlq.WithBatchSize(1_001)),
		"dlq: concurrency is 0 and prefetch 100; give at least 1 and 0":                  runBatch(batchHandler, dlq.WithConcurrency(0), dlq.WithPrefetch(100)),
		"dlq: concurrency is 16 and prefetch -1; give at least 1 and 0":                  run(handler, dlq.WithPrefetch(-1)),
	} {
		if err == nil || err.Error() != text {
			t.Errorf("got %v, not %s", err, text)
		}
	}
}

// wholeBatches checks that the telemetry keeps its deliveries until the handler has ended.
type wholeBatches struct {
	emptyTelemetry
	t *testing.T
}

func (s wholeBatches) BeginHandler(ctx context.Context, deliveries []*dlq.Delivery) (context.Context, func([]dlq.Handled)) {
	return ctx, func(handled []dlq.Handled) {
		for i := range handled {
			if deliveries[i] == nil {
				s.t.Error("the handler has changed the deliveries of the telemetry")
			}
		}
	}
}

func TestBatchHandlerMayChangeItsBatch(t *testing.T) {
	s := newBatchServer("a", "b")
	client := clientOf(t, s, dlq.WithTelemetry(wholeBatches{t: t}))
	workBatches(t, client, s, func(_ context.Context, batch []*dlq.Delivery) error {
		clear(batch)
		return nil
	})()
	if got := s.kinds(); got["a"] != dlq.Succeeded || got["b"] != dlq.Succeeded {
		t.Errorf("the outcomes are %v", got)
	}
}

// What a handler returns for its second delivery must not become the outcome of another message.
func TestOutcomesOfChangedBatchFail(t *testing.T) {
	for name, change := range map[string]func([]*dlq.Delivery){
		"reversed": slices.Reverse[[]*dlq.Delivery], "cleared": func(batch []*dlq.Delivery) { clear(batch) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newBatchServer("a", "b")
			workBatches(t, clientOf(t, s, dlq.WithLogger(noLog())), s, func(_ context.Context, batch []*dlq.Delivery) error {
				change(batch)
				return dlq.Each(errors.New("no stock"), nil)
			})()
			if got := s.kinds(); got["a"] != dlq.Failed || got["b"] != dlq.Failed {
				t.Errorf("the outcomes are %v", got)
			}
		})
	}
}

func TestOutcomesOfBatchAmongOtherErrorsFail(t *testing.T) {
	s := newBatchServer("a", "b")
	workBatches(t, clientOf(t, s, dlq.WithLogger(noLog())), s, func(context.Context, []*dlq.Delivery) error {
		return errors.Join(dlq.Each(nil, nil), errors.New("the commit failed"))
	})()
	if got := s.kinds(); got["a"] != dlq.Failed || got["b"] != dlq.Failed {
		t.Errorf("the outcomes are %v", got)
	}
}
