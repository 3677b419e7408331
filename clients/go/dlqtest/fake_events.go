package dlqtest

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// addEventLocked adds what happened to a message, and what follows from its state.
func (f *fakeService) addEventLocked(m *fakeMessage, note string, types ...dlqv1.EventType) {
	isQuarantined := m.state == dlq.StateQuarantined
	switch {
	case isQuarantined:
		types = append(types, dlqv1.EventType_EVENT_TYPE_MOVED_TO_POISON)
	case m.state == dlq.StateScheduled && types[0] != dlqv1.EventType_EVENT_TYPE_RELEASED:
		types = append(types, dlqv1.EventType_EVENT_TYPE_RETRY_SCHEDULED)
	}
	for _, t := range types {
		event := &dlqv1.Event{
			Id: fmt.Sprintf("fake-%d", len(f.events)+1), Type: t, Time: timestamppb.Now(),
			Queue: m.message.GetQueue(), MessageId: m.message.GetId(), Reason: m.message.GetReason(),
			RetryCount: m.attempts, DeliveryCount: m.deliveries, State: m.state, Note: note,
		}
		if m.state == dlq.StateScheduled {
			event.DueTime = m.message.GetDueTime()
		}
		if isQuarantined {
			event.QuarantineReason = m.quarantineReason
		}
		f.events = append(f.events, event)
	}
}

// WatchEvents has no filters. Its resume tokens are numbers of events.
func (f *fakeService) WatchEvents(r *dlqv1.WatchEventsRequest, stream grpc.ServerStreamingServer[dlqv1.WatchEventsResponse]) error {
	if r.GetFilter() != "" {
		return refusal(codes.InvalidArgument, "INVALID_REQUEST", "filter: the fake has none; leave it out")
	}
	position, err := f.watchStart(r)
	for isFirst := true; err == nil; isFirst = false {
		f.mu.Lock()
		if f.isDown {
			f.mu.Unlock()
			return errDown
		}
		next, changed := f.events[position:], f.changed
		f.mu.Unlock()
		position += len(next)
		if isFirst || len(next) > 0 {
			err = stream.Send(&dlqv1.WatchEventsResponse{Events: wanted(next, r), ResumeToken: strconv.Itoa(position)})
			continue
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
	return err
}

func (f *fakeService) watchStart(r *dlqv1.WatchEventsRequest) (position int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if token := r.GetResumeToken(); token != "" {
		position, err := strconv.Atoi(token)
		if err != nil || position < 0 || position > len(f.events) {
			return 0, refusal(codes.InvalidArgument, "INVALID_REQUEST", "resume_token: is not one of this fake")
		}
		return position, nil
	}
	start := time.Now()
	if r.GetStartTime() != nil {
		start = r.GetStartTime().AsTime()
	}
	for position < len(f.events) && f.events[position].GetTime().AsTime().Before(start) {
		position++
	}
	return position, nil
}

func wanted(events []*dlqv1.Event, r *dlqv1.WatchEventsRequest) (found []*dlqv1.Event) {
	for _, event := range events {
		isOfQueue := len(r.GetQueues()) == 0 || slices.ContainsFunc(r.GetQueues(), func(pattern string) bool {
			matches, _ := path.Match(pattern, event.GetQueue())
			return matches
		})
		if isOfQueue && (len(r.GetTypes()) == 0 || slices.Contains(r.GetTypes(), event.GetType())) {
			found = append(found, event)
		}
	}
	return found
}
