package faults

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

func (r *recorder) beginAck(ack *dlqv1.AckRequest, response *dlqv1.AckResponse) end {
	request := ack.GetRequestId()
	outcomes := make([]fields, 0, len(ack.GetOutcomes()))
	for _, outcome := range ack.GetOutcomes() {
		outcomes = append(outcomes, outcomeEntry(outcome))
	}
	r.history.write("acking", fields{"request": request, "outcomes": outcomes})
	return func(err error) {
		if err != nil {
			r.history.write("unacked", fields{"request": request, "code": codeOf(err), "refused": isRefused(err)})
			return
		}
		results := make([]fields, 0, len(response.GetResults()))
		for _, result := range response.GetResults() {
			results = append(results, resultEntry(result))
		}
		r.history.write("acked", fields{"request": request, "results": results})
	}
}

func outcomeEntry(outcome *dlqv1.Outcome) fields {
	entry := fields{"token": outcome.GetLeaseToken()}
	switch result := outcome.GetResult().(type) {
	case *dlqv1.Outcome_Succeeded:
		entry["outcome"] = "succeeded"
	case *dlqv1.Outcome_Failed:
		entry["outcome"] = "failed"
		if result.Failed.GetNonRetryable() {
			entry["nonRetryable"] = true
		}
	case *dlqv1.Outcome_Released:
		entry["outcome"] = "released"
	case *dlqv1.Outcome_Quarantined:
		entry["outcome"] = "quarantined"
	case *dlqv1.Outcome_Discarded:
		entry["outcome"] = "discarded"
	}
	return entry
}

func resultEntry(result *dlqv1.AckResult) fields {
	entry := fields{"status": bare(result.GetStatus())}
	// The history has no states of removed messages.
	switch state := bare(result.GetState()); state {
	case "SCHEDULED", "IN_FLIGHT", "QUARANTINED":
		entry["state"] = state
	}
	if result.GetDueTime() != nil {
		entry["dueAt"] = msOfStamp(result.GetDueTime())
	}
	return entry
}

func (r *recorder) beginExtend(extend *dlqv1.ExtendLeaseRequest, response *dlqv1.ExtendLeaseResponse) end {
	request := r.name("extension")
	tokens := append([]string{}, extend.GetLeaseTokens()...)
	r.history.write("extending", fields{"request": request, "tokens": tokens})
	return func(err error) {
		if err != nil {
			r.history.write("unextended", fields{"request": request, "code": codeOf(err)})
			return
		}
		leases := []fields{}
		for _, result := range response.GetResults() {
			if result.GetStatus() == dlqv1.AckStatus_ACK_STATUS_APPLIED && result.GetLeaseExpireTime() != nil {
				leases = append(leases, fields{
					"token": result.GetLeaseToken(), "expires": msOfStamp(result.GetLeaseExpireTime()),
				})
			}
		}
		r.history.write("extended", fields{"request": request, "leases": leases})
	}
}

func (r *recorder) stream(
	ctx context.Context, description *grpc.StreamDesc, conn *grpc.ClientConn, method string,
	open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	stream, err := open(ctx, description, conn, method, opts...)
	if err != nil {
		return nil, err
	}
	r.open.Add(1)
	recorded := &recordedStream{ClientStream: stream, recorder: r, name: r.name("stream")}
	// A client that cancels a stream does not read it to its end.
	context.AfterFunc(ctx, func() { recorded.end("CANCELLED") })
	return recorded, nil
}

// recordedStream records each frame of a stream before the client receives it.
type recordedStream struct {
	grpc.ClientStream
	recorder *recorder
	name     string

	mu             sync.Mutex
	isOpen, isOver bool
	reason         string // of the end, if known before
}

func (s *recordedStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	switch {
	case errors.Is(err, io.EOF):
		s.end("end")
	case err != nil:
		s.end(codeOf(err))
	default:
		response, ok := message.(*dlqv1.StreamDueResponse)
		if ok && !s.write(response) {
			return status.FromContextError(context.Canceled).Err()
		}
	}
	return err
}

// write returns false if the end of the stream is recorded already. The client must not receive later frames.
func (s *recordedStream) write(response *dlqv1.StreamDueResponse) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver {
		return false
	}
	switch frame := response.GetFrame().(type) {
	case *dlqv1.StreamDueResponse_Opened:
		s.isOpen = true
		s.recorder.history.write("opened", fields{
			"stream": s.name, "session": frame.Opened.GetSessionId(),
			"leaseMs":    frame.Opened.GetLeaseDuration().AsDuration().Milliseconds(),
			"leasesHeld": frame.Opened.GetLeasesHeld(),
		})
	case *dlqv1.StreamDueResponse_Deliveries:
		for _, delivery := range frame.Deliveries.GetDeliveries() {
			s.delivered(delivery)
		}
	case *dlqv1.StreamDueResponse_Drain:
		s.reason = "drain"
	}
	return true
}

func (s *recordedStream) delivered(delivery *dlqv1.Delivery) {
	message := delivery.GetMessage()
	payload := message.GetPayload().GetData()
	if len(payload) == 0 {
		payload = []byte(message.GetPayload().GetText())
	}
	var c content
	if err := json.Unmarshal(payload, &c); err != nil {
		panic(err)
	}
	s.recorder.history.write("delivered", fields{
		"stream": s.name, "queue": message.GetQueue(), "id": message.GetId(), "source": message.GetSourceId(),
		"sum": sumOf(payload), "plan": c.Plan, "token": delivery.GetLeaseToken(),
		"number": delivery.GetDeliveryNumber(), "attempt": delivery.GetAttempt(),
		"unknown": delivery.GetOutcomeUnknown(), "expires": msOfStamp(delivery.GetLeaseExpireTime()),
	})
}

func (s *recordedStream) end(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver {
		return
	}
	s.isOver = true
	if s.reason != "" {
		reason = s.reason
	}
	if s.isOpen {
		s.recorder.history.write("closed", fields{"stream": s.name, "why": reason})
	}
	s.recorder.open.Add(-1)
}
