package dlq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/grpc/status"
)

const (
	maxSpoolCallMessages = 100
	spoolTryTimeout      = 5 * time.Second
	firstSpoolPause      = 100 * time.Millisecond
	maxSpoolPause        = 30 * time.Second
	recoverInterval      = 30 * time.Second
	touchInterval        = 20 * time.Second
	// maxRestTime bounds the last pass at the end of the client.
	maxRestTime = 2 * time.Second
)

// errPassOver ends a pass over the spool early, so that the refused messages are tried again.
var errPassOver = errors.New("the refused messages are due again")

// spoolSender sends spooled messages when the service is available. There is one per client. It retries
// with a backoff of 100 ms to 30 s. It also recovers the spool files of processes that ended.
type spoolSender struct {
	*spoolWriter
	*spoolWarning
	channel   *reconnectingChannel
	reach     *reachability
	outcomes  *outcomeWatches // nil without callbacks
	onDropped func(err *Error, queue string)

	flushNow chan struct{}
	size     callSize // used by run only
	pass     passTime // used by run only
	stop     context.CancelFunc
	stopped  sync.WaitGroup
}

func startSpoolSender(
	settings spool.Settings, channel *reconnectingChannel, reach *reachability, outcomes *outcomeWatches,
	onDropped func(*Error, string),
) *spoolSender {
	ctx, stop := context.WithCancel(context.Background())
	s := newSpoolSender(settings, channel, reach, outcomes, onDropped, stop)
	reach.onRecovered = func() { signal(s.flushNow) }
	s.stopped.Add(2)
	go s.maintainFiles(ctx)
	go s.run(ctx)
	return s
}

func newSpoolSender(
	settings spool.Settings, channel *reconnectingChannel, reach *reachability, outcomes *outcomeWatches,
	onDropped func(*Error, string), stop context.CancelFunc,
) *spoolSender {
	store := spool.NewStore(settings)
	return &spoolSender{
		spoolWriter:  newSpoolWriter(store),
		spoolWarning: &spoolWarning{target: settings.Target, count: store.Count, log: settings.Warn, info: settings.Info},
		channel:      channel, reach: reach, outcomes: outcomes, onDropped: onDropped,
		flushNow: make(chan struct{}, 1), stop: stop, size: newCallSize(), pass: passTime{limit: maxSpoolPause},
	}
}

// signal wakes the receiver of a channel with room for one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// sendRest makes a last pass over the spool, also over the files of ended processes: a short job may end before its
// first pass. It logs what is left. Call it after stop.
func (s *spoolSender) sendRest(ctx context.Context) {
	s.stopped.Wait()
	s.waitUntilWritten()
	ctx, cancel := context.WithTimeout(ctx, maxRestTime)
	defer cancel()
	if s.reach.lastError() == nil {
		s.store.RecoverOrphans()
		if s.store.Count() > 0 {
			s.sendAll(ctx)
		}
	}
	if count := s.store.Count(); count > 0 {
		s.log(fmt.Sprintf("messages stay in the spool for %s (%d); the next client with the same service and target sends them", s.target, count))
		return
	}
	s.emptied()
}

// close stops sending and releases the files to other processes. Messages in memory are dropped.
func (s *spoolSender) close() {
	s.stop()
	s.stopped.Wait()
	s.waitUntilWritten()
	for _, request := range s.store.Release() {
		s.onDropped(closedError(nil, true), request.GetQueue())
	}
}

// maintainFiles recovers orphans, and touches the files so that other processes do not recover them.
func (s *spoolSender) maintainFiles(ctx context.Context) {
	defer s.stopped.Done()
	recoverTicker, touchTicker := time.NewTicker(recoverInterval), time.NewTicker(touchInterval)
	defer recoverTicker.Stop()
	defer touchTicker.Stop()
	s.recoverOrphans()
	for {
		select {
		case <-recoverTicker.C:
			s.recoverOrphans()
		case <-touchTicker.C:
			s.store.Touch()
		case <-ctx.Done():
			return
		}
	}
}

func (s *spoolSender) recoverOrphans() {
	s.store.RecoverOrphans()
	if s.store.Count() > 0 {
		signal(s.written)
	}
}

// run sends spooled messages until ctx ends: after a pause, or at once when another call of the client shows
// that the service is available again.
func (s *spoolSender) run(ctx context.Context) {
	defer s.stopped.Done()
	pause := backoff.New(firstSpoolPause, maxSpoolPause)
	for {
		if s.store.Count() == 0 {
			s.emptied()
			select {
			case <-s.written:
			case <-ctx.Done():
				return
			}
		}
		timer := time.NewTimer(pause.Next())
		select {
		case <-timer.C:
		case <-s.flushNow:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if s.sendAll(ctx) {
			pause.Reset()
		}
	}
}

// sendAll makes one pass over all sources. It reports whether the next pass may follow after the first pause.
func (s *spoolSender) sendAll(ctx context.Context) bool {
	isAllDone := true
	s.pass.begin()
	for _, source := range s.store.Sources() {
		done, err := s.sendSource(ctx, source)
		if errors.Is(err, errPassOver) {
			return true // the refused messages have waited long enough
		}
		if err != nil {
			return false // the service is unavailable
		}
		isAllDone = isAllDone && done
	}
	return isAllDone
}

// sendSource sends the messages of a source, including those that are added meanwhile. That may go on
// forever, so it ends with errPassOver if refused messages have waited for long: the next pass begins with
// them. isAllDone is false if a message has to be tried again.
func (s *spoolSender) sendSource(ctx context.Context, source spool.Source) (isAllDone bool, err error) {
	isAllDone = true
	for position := int64(-1); ; {
		messages, err := s.store.Read(source, position, maxSpoolCallMessages, int(s.size))
		if err != nil {
			return false, nil //nolint:nilerr // perhaps another process has claimed this file; others may be readable
		}
		if len(messages) == 0 {
			return isAllDone, nil
		}
		position = messages[len(messages)-1].Position
		var finished []int64
		var readable []spool.Message
		for _, message := range messages {
			if message.Request == nil {
				finished = append(finished, message.Position)
			} else {
				readable = append(readable, message)
			}
		}
		if len(finished) > 0 {
			s.log(fmt.Sprintf("lost %d spooled messages: their records in spool file %s are damaged", len(finished), source.Name()))
		}
		done, err := s.send(ctx, readable)
		finished = append(finished, done...)
		if len(finished) > 0 {
			s.store.MarkDone(source, finished)
		}
		if err != nil {
			return false, err
		}
		isAllDone = isAllDone && len(finished) == len(messages)
		s.pass.add(len(messages), len(messages)-len(finished))
		if s.pass.isOver() {
			return false, errPassOver
		}
	}
}

// send sends messages in one call. It returns the positions of those that need no other try, and an error if
// the service is unavailable.
func (s *spoolSender) send(ctx context.Context, messages []spool.Message) (done []int64, err error) {
	if len(messages) == 0 {
		return nil, nil
	}
	requests := make([]*dlqv1.SendToDlqRequest, len(messages))
	for i, message := range messages {
		requests[i] = message.Request
	}
	conn, began := s.channel.connection(), time.Now()
	answers, failure := callSend(ctx, conn, requests, spoolTryTimeout)
	if ctx.Err() != nil && failure != nil {
		return nil, ctx.Err()
	}
	if failure == nil {
		if err := unavailableError(answers); err != nil {
			s.reach.failed(began, err)
			s.warn(err)
			return nil, err
		}
		s.reach.answeredSpool(began)
		s.size.answered(time.Since(began))
	} else {
		s.channel.callFailed(conn, failure.err)
		if !isAnswer(failure.err) {
			s.reach.failed(began, failure.err)
			s.warn(failure.err)
			if failure.wasSent {
				s.size.unanswered()
			}
			return nil, failure.err
		}
		if !isUnencodable(status.Convert(failure.err)) {
			s.reach.answeredSpool(began) // a refusal is an answer, too
		}
		switch {
		case len(messages) == 1:
			answers = []sendAnswer{{err: failure.err}}
		case !mayFitInHalves(failure.err):
			s.warn(failure.err)
			return nil, failure.err
		default:
			// One message may be the cause for all: send both halves.
			middle := len(messages) / 2
			first, err := s.send(ctx, messages[:middle])
			if err != nil {
				return first, err
			}
			second, err := s.send(ctx, messages[middle:])
			return append(first, second...), err
		}
	}
	for i, message := range messages {
		if err := answers[i].err; err != nil {
			if !isPermanent(err) {
				s.warn(err)
				continue
			}
			// A try before the message was spooled may have stored it.
			s.onDropped(refusalOf(err, true), message.Request.GetQueue())
		} else {
			s.outcomes.accepted(message.Request, answers[i].response)
		}
		done = append(done, message.Position)
	}
	return done, nil
}

// passTime limits a pass over the spool while refused messages wait for the next one: new messages could make the pass
// endless. The messages that the last pass left come first, and their time does not count.
type passTime struct {
	limit                   time.Duration // for new messages
	leftBefore, tried, left int
	newBegan                time.Time
}

func (p *passTime) begin() { *p = passTime{limit: p.limit, leftBefore: p.left} }

// add counts messages that were tried, and how many of them are left for the next pass.
func (p *passTime) add(tried, left int) {
	p.tried += tried
	p.left += left
	if p.newBegan.IsZero() && p.tried > p.leftBefore {
		p.newBegan = time.Now()
	}
}

func (p *passTime) isOver() bool {
	return p.left > 0 && !p.newBegan.IsZero() && time.Since(p.newBegan) >= p.limit
}
