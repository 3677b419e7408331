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

// slowSpool writes until the test ends the write.
type slowSpool struct{ begun, end chan struct{} }

func (s *slowSpool) write(*dlqv1.SendToDlqRequest, int) spool.Result {
	close(s.begun)
	<-s.end
	return spool.OnDisk
}

func (*slowSpool) warn(error) {}

func TestRefusalDoesNotDropSendThatIsSpooling(t *testing.T) {
	st, err := status.New(codes.InvalidArgument, "no").WithDetails(&errdetails.ErrorInfo{Reason: "INVALID"})
	if err != nil {
		t.Fatal(err)
	}
	disk := &slowSpool{make(chan struct{}), make(chan struct{})}
	b := newBatcher(&batcher{spool: disk})
	p := &PendingSend{done: make(chan struct{})}
	b.deadlines[p] = time.Now()
	go b.giveUp(p, nil, func() *Error { return closedError(nil, true) })
	<-disk.begun
	b.mu.Lock()
	dropped := b.callFailedLocked([]*PendingSend{p}, &callFailure{st.Err(), true})
	b.mu.Unlock()
	if len(dropped) == 1 && dropped[0] != nil {
		t.Fatal("the send is both dropped and spooled")
	}
	close(disk.end)
	<-p.done
	if p.err != nil || p.result.Status != StatusSpooled {
		t.Errorf("got %+v, %v", p.result, p.err)
	}
}
