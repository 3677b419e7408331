package dlq

import (
	"context"
	"errors"
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
	mostStreamPause  = 5 * time.Second
	// goodAfter: a stream that has lived this long was no failed try to open one.
	goodAfter = time.Second
	// mostSilence: a stream that says nothing for so long is dead; the server says something every 10 s.
	mostSilence  = 25 * time.Second
	defaultLease = 30 * time.Second
)

var (
	errDrain  = errors.New("the server drains")
	errSilent = errors.New("nothing was heard for too long")
)

// dueStream is one worker's stream: opened again whenever it ends, with its session, until its context ends.
type dueStream struct {
	connect      dialer // a connection of its own for each stream
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

// keep returns nil when the context has ended, and an error when the server refuses it for good.
func (s *dueStream) keep(ctx context.Context) error {
	pause := backoff.New(firstStreamPause, mostStreamPause)
	for {
		began := time.Now()
		end := s.read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if end != nil && !errors.Is(end, errDrain) {
			if s.session() == "" && isFinal(end) {
				return refusalOf(end, false)
			}
			s.onBroken(brokenBy(end))
		}
		wasGood := time.Since(began) > goodAfter
		if wasGood {
			pause.Reset()
		}
		if (!errors.Is(end, errDrain) || !wasGood) && !pause.Wait(ctx) {
			return nil
		}
		if session := s.session(); session != "" {
			s.beforeResume(ctx, session)
		}
	}
}

// read reads one stream to its end.
func (s *dueStream) read(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Also covers the opening of a stream that never answers.
	watch := time.AfterFunc(mostSilence, func() { cancel(errSilent) })
	defer watch.Stop()
	w, err := s.connect()
	if err != nil {
		return err
	}
	defer w.close()
	request := proto.CloneOf(s.request)
	request.ResumeSessionId = s.session()
	stream, err := w.stub.StreamDue(ctx, request)
	for err == nil {
		var response *dlqv1.StreamDueResponse
		if response, err = stream.Recv(); err != nil {
			break
		}
		watch.Reset(mostSilence)
		switch frame := response.GetFrame().(type) {
		case *dlqv1.StreamDueResponse_Opened:
			s.mu.Lock()
			s.sessionID = frame.Opened.GetSessionId()
			s.mu.Unlock()
			lease := defaultLease
			if told := frame.Opened.GetLeaseDuration(); told != nil {
				lease = told.AsDuration()
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
	if errors.Is(context.Cause(ctx), errSilent) {
		return status.Error(codes.Unavailable, errSilent.Error())
	}
	return err
}

// isFinal: statuses that trying again can't change: the request itself is wrong, or the server another one. Not
// once a stream has been open: then it is a proxy whose servers are away, or a deployment.
func isFinal(err error) bool {
	told := status.Convert(err)
	return told.Code() == codes.InvalidArgument || told.Code() == codes.Unimplemented || cannotBeWritten(told)
}

func brokenBy(err error) *Error {
	code := status.Code(err)
	if code == codes.Unauthenticated || code == codes.PermissionDenied {
		return refusalOf(err, false)
	}
	broken := newError(ErrConnection, "the stream of due messages broke and is opened again: "+wordsOf(err), err)
	broken.Code = code
	return broken
}
