package dlq

import (
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// slowShelter has a disk that takes its time.
type slowShelter struct{ begun, end chan struct{} }

func (s *slowShelter) keep(*dlqv1.SendToDlqRequest, int) spool.Placed {
	close(s.begun)
	<-s.end
	return spool.OnDisk
}

func (*slowShelter) tellOf(error) {}

func TestARefusalOfWhatIsOnItsWayToTheSpoolIsLeftToTheSpool(t *testing.T) {
	told, err := status.New(codes.InvalidArgument, "no").WithDetails(&errdetails.ErrorInfo{Reason: "INVALID"})
	if err != nil {
		t.Fatal(err)
	}
	disk := &slowShelter{make(chan struct{}), make(chan struct{})}
	b := newBatcher(&batcher{shelter: disk})
	p := &pendingSend{done: make(chan struct{})}
	b.pending[p] = time.Now()
	go b.giveUp(p, nil, func() *Error { return closedError(nil, true) })
	<-disk.begun
	b.mu.Lock()
	dropped := b.failLocked([]*pendingSend{p}, &callFailure{told.Err(), true})
	b.mu.Unlock()
	if len(dropped) == 1 && dropped[0] != nil {
		t.Fatal("it is dropped, and in the spool, which tells of it once more")
	}
	close(disk.end)
	<-p.done
	if p.err != nil || p.result.Status != StatusSpooled {
		t.Errorf("got %+v, %v", p.result, p.err)
	}
}
