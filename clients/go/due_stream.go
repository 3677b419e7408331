package dlq

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	firstStreamPause = 50 * time.Millisecond
	maxStreamPause   = 5 * time.Second
	// stableAfter is the age at which a stream that ends does not count as a failed try to open one.
	stableAfter = time.Second
	// frameTimeout is the time without a frame after which a stream is dead. The server sends one every 10 s.
	frameTimeout = 25 * time.Second
	defaultLease = 30 * time.Second
)

var (
	errDrain   = errors.New("the server drains")
	errNoFrame = fmt.Errorf("no frame arrived for %v", frameTimeout)
)

// dueStream is the StreamDue call of a worker. It opens a stream that ends again, with its session.
type dueStream struct {
	connect      dialer // each stream has its own connection
	request      *dlqv1.StreamDueRequest
	onOpened     func(lease time.Duration)
	onDeliveries func([]*dlqv1.Delivery)
	onBroken     func(*Error)
	// beforeResume is called between two streams of a session.
	beforeResume func(ctx context.Context, sessionID string)

	mu        sync.Mutex
	sessionID string
}

func (s *dueStream) session() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessionID
}

// run keeps a stream open until ctx ends. It returns an error if the server refuses the first stream and a
// later try can't succeed.
func (s *dueStream) run(ctx context.Context) error {
	pause := backoff.New(firstStreamPause, maxStreamPause)
	for {
		began := time.Now()
		end := s.read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if end != nil && !errors.Is(end, errDrain) {
			if s.session() == "" && isPermanentRefusal(end) {
				return refusalOf(end, false)
			}
			s.onBroken(brokenStreamError(end))
		}
		wasStable := time.Since(began) > stableAfter
		if wasStable {
			pause.Reset()
		}
		if (!errors.Is(end, errDrain) || !wasStable) && !pause.Wait(ctx) {
			return nil
		}
		if session := s.session(); session != "" {
			s.beforeResume(ctx, session)
		}
	}
}

// read opens one stream and reads it to its end.
func (s *dueStream) read(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The time includes opening the stream.
	watchdog := time.AfterFunc(frameTimeout, func() { cancel(errNoFrame) })
	defer watchdog.Stop()
	conn, err := s.connect()
	if err != nil {
		return err
	}
	defer conn.close()
	request := proto.CloneOf(s.request)
	request.ResumeSessionId = s.session()
	stream, err := conn.stub.StreamDue(ctx, request)
	for err == nil {
		var response *dlqv1.StreamDueResponse
		if response, err = stream.Recv(); err != nil {
			break
		}
		watchdog.Reset(frameTimeout)
		switch frame := response.GetFrame().(type) {
		case *dlqv1.StreamDueResponse_Opened:
			s.mu.Lock()
			s.sessionID = frame.Opened.GetSessionId()
			s.mu.Unlock()
			lease := defaultLease
			if duration := frame.Opened.GetLeaseDuration(); duration != nil {
				lease = duration.AsDuration()
			}
			s.onOpened(lease)
		case *dlqv1.StreamDueResponse_Deliveries:
			s.onDeliveries(frame.Deliveries.GetDeliveries())
		case *dlqv1.StreamDueResponse_Drain:
			return errDrain
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	if errors.Is(context.Cause(ctx), errNoFrame) {
		return status.Error(codes.Unavailable, errNoFrame.Error())
	}
	return err
}

// isPermanentRefusal reports whether the first stream can't be opened by a later try: the request is invalid, or
// the target is an unknown server. After a first stream such an error may be of a proxy or a deployment.
func isPermanentRefusal(err error) bool {
	st := status.Convert(err)
	return st.Code() == codes.InvalidArgument || st.Code() == codes.Unimplemented || isUnencodable(st)
}

func brokenStreamError(err error) *Error {
	code := status.Code(err)
	if code == codes.Unauthenticated || code == codes.PermissionDenied {
		return refusalOf(err, false)
	}
	broken := newError(ErrConnection, "the stream of due messages broke: "+messageOf(err), err)
	broken.Code = code
	return broken
}
