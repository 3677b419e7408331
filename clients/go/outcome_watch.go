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
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	firstWatchPause = 500 * time.Millisecond
	maxWatchPause   = 30 * time.Second
	// clockTolerance is how much earlier a watch begins than its oldest message or its latest event.
	clockTolerance = time.Second
)

var errWatchEnded = status.Error(codes.Unavailable, "the server ended the stream")

// outcomeWatch follows the sent messages of a queue by a WatchEvents call, which it opens again when it breaks. It calls
// one callback at a time, and reads no further event meanwhile.
type outcomeWatch struct {
	all   *outcomeWatches
	queue string
	ctx   context.Context
	stop  context.CancelFunc

	// handling is held while events are handled and callbacks run. Lock it before the mutex of all.
	handling sync.Mutex
	// Used by run only.
	token  string    // to resume
	latest time.Time // of the latest event

	// The mutex of all guards these.
	early earlyEvents
	// ready are early events of messages that are followed now. They are handled before others.
	ready []*dlqv1.Event
	// idle ends the watch. It is nil while there is something to follow.
	idle    *time.Timer
	isEnded bool
}

func newOutcomeWatch(all *outcomeWatches, queue string) *outcomeWatch {
	ctx, stop := context.WithCancel(all.ctx)
	return &outcomeWatch{all: all, queue: queue, ctx: ctx, stop: stop}
}

func (w *outcomeWatch) run() {
	defer w.all.running.Done()
	pause := backoff.New(firstWatchPause, maxWatchPause)
	for {
		err := w.read(pause.Reset)
		if w.ctx.Err() != nil {
			return
		}
		if status.Code(err) == codes.InvalidArgument { // a token of another version of the server
			w.token = ""
		}
		w.logBroken(err)
		if !pause.Wait(w.ctx) {
			return
		}
	}
}

// read opens one stream and reads it to its end. It calls onOpened with the first response.
func (w *outcomeWatch) read(onOpened func()) error {
	ctx, cancel := context.WithCancelCause(w.ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(frameTimeout, func() { cancel(errNoFrame) }) // later gRPC's pings find a dead peer
	defer watchdog.Stop()
	conn := w.all.channel.connection()
	stream, err := conn.stub.WatchEvents(ctx, w.request())
	for err == nil {
		var response *dlqv1.WatchEventsResponse
		if response, err = stream.Recv(); err != nil {
			break
		}
		if watchdog.Stop() {
			onOpened()
		}
		w.logGap(response.GetGap())
		w.handle(response.GetEvents())
		if token := response.GetResumeToken(); token != "" {
			w.token = token
		}
		if events := response.GetEvents(); len(events) > 0 {
			w.latest = events[len(events)-1].GetTime().AsTime()
		}
	}
	if errors.Is(err, io.EOF) {
		return errWatchEnded
	}
	if errors.Is(context.Cause(ctx), errNoFrame) {
		err = status.Error(codes.DeadlineExceeded, errNoFrame.Error())
	}
	w.all.channel.callFailed(conn, err)
	return err
}

// request has a time also with a token: a token does not cover a queue of which the server had read nothing.
func (w *outcomeWatch) request() *dlqv1.WatchEventsRequest {
	since := w.latest
	if since.IsZero() {
		since = w.oldest()
	}
	return &dlqv1.WatchEventsRequest{
		Queues: []string{w.queue}, Types: watchedEvents, ResumeToken: w.token,
		StartTime: timestamppb.New(since.Add(-clockTolerance)),
	}
}

// oldest returns since when the oldest message is followed.
func (w *outcomeWatch) oldest() time.Time {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	oldest := time.Now()
	for _, m := range w.all.followed.of(w.queue) {
		if m.since.Before(oldest) {
			oldest = m.since
		}
	}
	return oldest
}

// logBroken logs why the watch waits. A server without WatchEvents is logged once.
func (w *outcomeWatch) logBroken(err error) {
	if status.Code(err) == codes.Unimplemented {
		w.all.unsupported.Do(func() {
			w.all.logger.Warn("dlq: outcome callbacks are not called: the server has no WatchEvents; upgrade it")
		})
	} else if w.all.broken.isDue() {
		w.all.logger.Warn(fmt.Sprintf("dlq: outcome callbacks of queue %q wait: %s; retrying", w.queue, reasonFor(err)),
			"queue", w.queue)
	}
}

func (w *outcomeWatch) logGap(gap *dlqv1.EventGap) {
	if gap == nil || !w.all.gap.isDue() {
		return
	}
	w.all.logger.Warn(fmt.Sprintf("dlq: outcome callbacks of queue %q may be missing: up to %d state changes were removed before they were "+
		"read, and the store lost up to %d; read the messages for their state", w.queue, gap.GetMissedCount(), gap.GetUndoneCount()), "queue", w.queue)
}

// handle calls the callbacks for events, after those that are ready.
func (w *outcomeWatch) handle(events []*dlqv1.Event) {
	w.handling.Lock()
	defer w.handling.Unlock()
	for {
		call, isDone := w.next(&events)
		if isDone {
			return
		}
		if call != nil {
			call()
		}
	}
}

// next takes one event and returns the call of its callback, or nil. After the last one isDone is true.
func (w *outcomeWatch) next(events *[]*dlqv1.Event) (call func(), isDone bool) {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	from := events
	if len(w.ready) > 0 {
		from = &w.ready
	}
	if w.isEnded {
		return nil, true
	}
	if len(*from) == 0 {
		w.checkIdleLocked()
		return nil, true
	}
	event := (*from)[0]
	*from = (*from)[1:]
	return w.all.handleLocked(w, event), false
}

// followLocked makes the early events of a message ready.
func (w *outcomeWatch) followLocked(m *followedMessage) {
	if w.idle != nil {
		w.idle.Stop()
		w.idle = nil
	}
	earlier := w.early.take(m.id, time.Now())
	if len(earlier) == 0 {
		return
	}
	if len(w.ready) == 0 {
		w.all.running.Add(1)
		go func() {
			defer w.all.running.Done()
			w.handle(nil)
		}()
	}
	w.ready = append(w.ready, earlier...)
}

// checkIdleLocked ends the watch after a while if it has nothing to follow until then.
func (w *outcomeWatch) checkIdleLocked() {
	if w.isEnded || w.idle != nil || w.all.followed.inQueue[w.queue] > 0 {
		return
	}
	w.idle = time.AfterFunc(w.all.idleTime, func() {
		w.handling.Lock() // the next watch of the queue must not call a callback while one still runs
		defer w.handling.Unlock()
		w.all.mu.Lock()
		defer w.all.mu.Unlock()
		if w.idle != nil {
			w.endLocked()
		}
	})
}

func (w *outcomeWatch) endLocked() {
	w.isEnded = true
	if w.idle != nil {
		w.idle.Stop()
		w.idle = nil
	}
	if w.all.watches[w.queue] == w {
		delete(w.all.watches, w.queue)
	}
	w.stop()
}
