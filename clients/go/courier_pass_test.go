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

// busyService refuses one letter for now, and has another one come to the spool with each that it takes.
type busyService struct {
	dlqv1.DlqServiceClient
	shelf        *spool.Shelf
	ended        <-chan struct{}
	tried, taken chan struct{}
}

func (s *busyService) say(what chan<- struct{}) {
	select {
	case what <- struct{}{}:
	case <-s.ended:
	}
}

func (s *busyService) answer(r *dlqv1.SendToDlqRequest) error {
	if r.GetQueue() == "full" {
		s.say(s.tried)
		told, err := status.New(codes.ResourceExhausted, "no room").WithDetails(&errdetails.ErrorInfo{Reason: "QUEUE_LIMIT"})
		if err != nil {
			return err
		}
		return told.Err()
	}
	s.say(s.taken)
	s.shelf.Append([]*dlqv1.SendToDlqRequest{{Queue: "open"}})
	return nil
}

func (s *busyService) SendToDlq(_ context.Context, r *dlqv1.SendToDlqRequest, _ ...grpc.CallOption) (*dlqv1.SendToDlqResponse, error) {
	return &dlqv1.SendToDlqResponse{}, s.answer(r)
}

func (s *busyService) SendToDlqBatch(
	_ context.Context, r *dlqv1.SendToDlqBatchRequest, _ ...grpc.CallOption,
) (*dlqv1.SendToDlqBatchResponse, error) {
	response := &dlqv1.SendToDlqBatchResponse{}
	for _, one := range r.GetRequests() {
		result := &dlqv1.SendToDlqBatchResult{
			Outcome: &dlqv1.SendToDlqBatchResult_Response{Response: &dlqv1.SendToDlqResponse{}},
		}
		if err := s.answer(one); err != nil {
			told := status.Convert(err).Proto()
			result.Outcome = &dlqv1.SendToDlqBatchResult_Error{Error: &dlqv1.ErrorStatus{
				Code: told.GetCode(), Message: told.GetMessage(), Details: told.GetDetails(),
			}}
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}

func emptyShelf(t *testing.T) *spool.Shelf {
	return spool.NewShelf(spool.Settings{Folder: t.TempDir(), MaxBytes: 16 * mib, Tell: func(string, ...any) {}})
}

// deliver has a courier at work until the test ends; most is what a pass has for others than those it has left.
func deliver(t *testing.T, shelf *spool.Shelf, service dlqv1.DlqServiceClient, most time.Duration) {
	conn, err := grpc.NewClient("passthrough:///none", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLine(func() (*wire, error) { return &wire{conn: conn, stub: service, madeAt: time.Now()}, nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	c := &courier{
		shelf: shelf, line: l, reach: &reachability{}, end: end, tell: func(string, ...any) {},
		start: make(chan struct{}, 1), hasten: make(chan struct{}, 1), size: newCallSize(), pass: passTime{most: most},
	}
	c.ended.Add(1)
	go c.deliver(ctx)
	t.Cleanup(func() {
		c.close()
		l.close()
	})
}

func TestWhatIsRefusedForNowIsTriedAgainHoweverManyOthersCome(t *testing.T) {
	shelf := emptyShelf(t)
	service := &busyService{shelf: shelf, ended: t.Context().Done(), tried: make(chan struct{}), taken: make(chan struct{})}
	shelf.Append([]*dlqv1.SendToDlqRequest{{Queue: "full"}, {Queue: "open"}})
	deliver(t, shelf, service, time.Nanosecond)
	for tried, taken := 0, 0; tried < 2; {
		select {
		case <-service.tried:
			tried++
		case <-service.taken:
			taken++
			if taken > 1000 {
				t.Fatalf("tried %d times, and %d others were taken", tried, taken)
			}
		}
	}
}

// slowService is slow to refuse letters of one queue for now, and takes others at once.
type slowService struct {
	dlqv1.DlqServiceClient
	tries, taken atomic.Int64
}

func (s *slowService) SendToDlqBatch(
	_ context.Context, r *dlqv1.SendToDlqBatchRequest, _ ...grpc.CallOption,
) (*dlqv1.SendToDlqBatchResponse, error) {
	response := &dlqv1.SendToDlqBatchResponse{}
	for _, one := range r.GetRequests() {
		result := &dlqv1.SendToDlqBatchResult{
			Outcome: &dlqv1.SendToDlqBatchResult_Response{Response: &dlqv1.SendToDlqResponse{}},
		}
		if one.GetQueue() == "full" {
			time.Sleep(time.Millisecond)
			s.tries.Add(1)
			result.Outcome = &dlqv1.SendToDlqBatchResult_Error{Error: &dlqv1.ErrorStatus{
				Code: int32(codes.ResourceExhausted), Message: "no room",
			}}
		} else {
			s.taken.Add(1)
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}

// As of a full queue that has left more than one pass has time for.
func TestWhatIsRefusedForNowIsNotTriedAgainForEachCallOfOthers(t *testing.T) {
	shelf, service := emptyShelf(t), &slowService{}
	var letters []*dlqv1.SendToDlqRequest
	for at := range 1_500 {
		queue := "full"
		if at >= 300 {
			queue = "open"
		}
		letters = append(letters, &dlqv1.SendToDlqRequest{Queue: queue})
	}
	shelf.Append(letters)
	deliver(t, shelf, service, 200*time.Millisecond)
	for service.taken.Load() < 1_200 {
		time.Sleep(time.Millisecond)
	}
	if tries := service.tries.Load(); tries > 2_000 {
		t.Errorf("%d tries of 300 letters", tries)
	}
}
