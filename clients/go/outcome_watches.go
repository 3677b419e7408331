package dlq

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const (
	maxFollowedMessages = 10_000
	// idleWatchTime is how long a watch goes on that has nothing to follow.
	idleWatchTime = time.Minute
	// maxCallbackWait is the longest that Close waits for a callback: it may wait for Close in another goroutine.
	maxCallbackWait = 5 * time.Second
)

// outcomeWatches call the functions of WithOnSucceeded, WithOnFailed and WithOnQuarantined. They follow the messages
// that the client has sent, with one outcomeWatch for each queue that has some.
type outcomeWatches struct {
	callbacks outcomeCallbacks
	channel   *reconnectingChannel
	logger    *slog.Logger
	idleTime  time.Duration

	stop              context.CancelFunc
	ctx               context.Context // of all watches
	running           sync.WaitGroup  // watches
	full, broken, gap onceAMinute     // log lines
	unsupported       sync.Once       // the log line for a server without WatchEvents

	mu       sync.Mutex
	followed *followedMessages
	seen     seenEvents
	watches  map[string]*outcomeWatch // by queue
	isClosed bool
}

func newOutcomeWatches(callbacks outcomeCallbacks, channel *reconnectingChannel, logger *slog.Logger) *outcomeWatches {
	ctx, stop := context.WithCancel(context.Background())
	return &outcomeWatches{
		callbacks: callbacks, channel: channel, logger: logger, idleTime: idleWatchTime,
		ctx: ctx, stop: stop,
		followed: newFollowedMessages(maxFollowedMessages), watches: map[string]*outcomeWatch{},
	}
}

// accepted follows the message of an accepted send. It does nothing for nil.
func (w *outcomeWatches) accepted(request *dlqv1.SendToDlqRequest, response *dlqv1.SendToDlqResponse) {
	id := response.GetId()
	if w == nil || id == "" {
		return
	}
	m := &followedMessage{
		id: id, queue: cmp.Or(response.GetQueue(), request.GetQueue()), sourceID: request.GetSourceId(), since: acceptedAt(id),
	}
	w.mu.Lock()
	isFull := false
	if w.followed.get(id) == nil {
		isFull = w.followLocked(m)
	}
	w.mu.Unlock()
	if isFull && w.full.isDue() {
		w.logger.Warn(fmt.Sprintf("dlq: outcome callbacks are not called for the oldest of more than %d followed messages; use events in NATS",
			w.followed.limit))
	}
}

// followLocked reports whether the oldest message is no longer followed.
func (w *outcomeWatches) followLocked(m *followedMessage) (isFull bool) {
	if w.isClosed {
		return false
	}
	removed := w.followed.add(m)
	watch := w.watches[m.queue]
	if watch == nil {
		watch = newOutcomeWatch(w, m.queue)
		w.watches[m.queue] = watch
		w.running.Add(1)
		go watch.run()
	}
	watch.followLocked(m)
	if removed != nil {
		w.watches[removed.queue].checkIdleLocked()
	}
	return removed != nil
}

// handleLocked returns the call of the callback for an event of a watch, or nil.
func (w *outcomeWatches) handleLocked(watch *outcomeWatch, event *dlqv1.Event) (call func()) {
	m := w.followed.get(event.GetMessageId())
	if m == nil || m.queue != watch.queue {
		watch.early.add(event, time.Now())
		return nil
	}
	if !w.seen.add(event.GetId()) {
		return nil
	}
	if event.GetType() == dlqv1.EventType_EVENT_TYPE_MOVED_AWAY {
		w.followed.remove(m)
		w.followLocked(&followedMessage{
			id: m.id, queue: event.GetOtherQueue(), sourceID: m.sourceID, since: event.GetTime().AsTime(),
		})
		return nil
	}
	if isGoneAfter(event) {
		w.followed.remove(m)
	}
	option, callback := w.callbacks.of(event)
	if callback == nil {
		return nil
	}
	return func() {
		line := fmt.Sprintf("dlq: %s failed for message %s of queue %q; the event is not repeated", option, m.id, event.GetQueue())
		notify(w.logger, line, func() { callOutcome(callback, outcomeEventFrom(event, m.sourceID)) })
	}
}

// callOutcome must stay in the stack, where isInOutcomeCallback looks for it.
//
//go:noinline
func callOutcome(callback func(OutcomeEvent), event OutcomeEvent) { callback(event) }

// isInOutcomeCallback reports whether a callback has called the caller, in the same goroutine.
func isInOutcomeCallback() bool { return isCalledBy("callOutcome") }

// close ends the watches and waits for running callbacks, at most until ctx ends or for 5 s. It does not wait if a
// callback is the caller, and does nothing for nil.
func (w *outcomeWatches) close(ctx context.Context) {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.isClosed = true
	for _, watch := range w.watches {
		watch.endLocked()
	}
	w.mu.Unlock()
	w.stop()
	if isInOutcomeCallback() {
		return
	}
	ended := make(chan struct{})
	go func() {
		w.running.Wait()
		close(ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, maxCallbackWait)
	defer cancel()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
