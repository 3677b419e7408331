package dlq

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// batchStub is a stub whose sends answer calls. It answers a single send as a batch of one.
type batchStub struct {
	dlqv1.DlqServiceClient
	answer func(*dlqv1.SendToDlqRequest) error
}

func (s *batchStub) SendToDlq(_ context.Context, r *dlqv1.SendToDlqRequest, _ ...grpc.CallOption) (*dlqv1.SendToDlqResponse, error) {
	return &dlqv1.SendToDlqResponse{}, s.answer(r)
}

func (s *batchStub) SendToDlqBatch(
	_ context.Context, r *dlqv1.SendToDlqBatchRequest, _ ...grpc.CallOption,
) (*dlqv1.SendToDlqBatchResponse, error) {
	response := &dlqv1.SendToDlqBatchResponse{}
	for _, one := range r.GetRequests() {
		result := &dlqv1.SendToDlqBatchResult{
			Outcome: &dlqv1.SendToDlqBatchResult_Response{Response: &dlqv1.SendToDlqResponse{}},
		}
		if err := s.answer(one); err != nil {
			st := status.Convert(err).Proto()
			result.Outcome = &dlqv1.SendToDlqBatchResult_Error{Error: &dlqv1.ErrorStatus{
				Code: st.GetCode(), Message: st.GetMessage(), Details: st.GetDetails(),
			}}
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}

func queueFull() error {
	st, err := status.New(codes.ResourceExhausted, "no room").WithDetails(&errdetails.ErrorInfo{Reason: "QUEUE_LIMIT"})
	if err != nil {
		return err
	}
	return st.Err()
}

// startSender runs a spool sender until the test ends. limit is the time of a pass for other messages than
// the refused ones.
func startSender(t *testing.T, stub *batchStub, limit time.Duration, requests ...*dlqv1.SendToDlqRequest) *spool.Store {
	conn, err := grpc.NewClient("passthrough:///none", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	channel, err := newReconnectingChannel(func() (*connection, error) {
		return &connection{conn: conn, stub: stub, createdAt: time.Now()}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	settings := spool.Settings{Folder: t.TempDir(), MaxBytes: 16 * mib, Warn: func(string) {}}
	s := newSpoolSender(settings, channel, &reachability{}, nil, nil, stop)
	s.pass.limit = limit
	s.store.Append(requests)
	s.stopped.Add(1)
	go s.run(ctx)
	t.Cleanup(func() {
		s.close()
		channel.close()
	})
	return s.store
}

func TestRefusedMessageIsRetriedWhileOthersArrive(t *testing.T) {
	refused, accepted := make(chan struct{}), make(chan struct{})
	report := func(event chan<- struct{}) {
		select {
		case event <- struct{}{}:
		case <-t.Context().Done():
		}
	}
	var store atomic.Pointer[spool.Store]
	stub := &batchStub{answer: func(r *dlqv1.SendToDlqRequest) error {
		if r.GetQueue() == "full" {
			report(refused)
			return queueFull()
		}
		report(accepted)
		store.Load().Append([]*dlqv1.SendToDlqRequest{{Queue: "open"}})
		return nil
	}}
	store.Store(startSender(t, stub, time.Nanosecond, &dlqv1.SendToDlqRequest{Queue: "full"}, &dlqv1.SendToDlqRequest{Queue: "open"}))
	for refusals, others := 0, 0; refusals < 2; {
		select {
		case <-refused:
			refusals++
		case <-accepted:
			others++
			if others > 1000 {
				t.Fatalf("%d tries of the refused message, and %d others were accepted", refusals, others)
			}
		}
	}
}

// A pass has no time to try all messages of a full queue.
func TestRefusedMessagesAreNotRetriedForEachCallOfOthers(t *testing.T) {
	var refusals, accepted atomic.Int64
	stub := &batchStub{answer: func(r *dlqv1.SendToDlqRequest) error {
		if r.GetQueue() == "full" {
			time.Sleep(time.Millisecond)
			refusals.Add(1)
			return status.Error(codes.ResourceExhausted, "no room")
		}
		accepted.Add(1)
		return nil
	}}
	var requests []*dlqv1.SendToDlqRequest
	for i := range 1_500 {
		queue := "full"
		if i >= 300 {
			queue = "open"
		}
		requests = append(requests, &dlqv1.SendToDlqRequest{Queue: queue})
	}
	startSender(t, stub, 200*time.Millisecond, requests...)
	for accepted.Load() < 1_200 {
		time.Sleep(time.Millisecond)
	}
	if tries := refusals.Load(); tries > 2_000 {
		t.Errorf("%d tries of 300 refused messages", tries)
	}
}
