package dlqtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// fakeLease is longer than any test.
	fakeLease = time.Hour
	// releaseDelay keeps a released message from going back to the stream that just released it. The real service
	// waits 1 s.
	releaseDelay = 100 * time.Millisecond
	// maxPayload is the service's default, in bytes.
	maxPayload = 1 << 20
)

var errDown = status.Error(codes.Unavailable, "the fake is down")

// fakeService implements the calls of a Fake.
type fakeService struct {
	dlqv1.UnimplementedDlqServiceServer
	*Fake
}

// checkUp is an interceptor that refuses calls during an outage.
func (f *fakeService) checkUp(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	isDown := f.isDown
	f.mu.Unlock()
	if isDown {
		return nil, errDown
	}
	return next(ctx, request)
}

func (f *fakeService) SendToDlq(_ context.Context, r *dlqv1.SendToDlqRequest) (*dlqv1.SendToDlqResponse, error) {
	if r.GetQueue() == "" {
		return nil, refusal(codes.InvalidArgument, "INVALID_REQUEST", "queue is empty")
	}
	if err := checkPayload(r.GetPayload()); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		isDuplicate := r.GetDedupKey() != "" && m.message.GetDedupKey() == r.GetDedupKey() &&
			m.message.GetQueue() == r.GetQueue() && proto.Equal(m.message.GetPayload(), r.GetPayload())
		isRetry := r.GetRequestId() != "" && m.requestID == r.GetRequestId()
		if isDuplicate || isRetry {
			return f.responseLocked(m, !isRetry), nil
		}
	}
	f.lastID++
	m := &fakeMessage{
		requestID: r.GetRequestId(), state: dlq.StateScheduled, maxRetries: r.MaxRetries, //nolint:protogetter // may be absent
		isWaiting: r.GetDelay().AsDuration() > 0 || r.GetDueTime().AsTime().After(time.Now()),
		message: &dlqv1.Message{
			Id: fmt.Sprintf("00000000-0000-7000-8000-%012d", f.lastID), Queue: r.GetQueue(), Payload: r.GetPayload(),
			Attributes: r.GetAttributes(), Reason: r.GetFailure().GetReason(), Failure: r.GetFailure(),
			SourceId: r.GetSourceId(), DedupKey: r.GetDedupKey(), OrderingKey: r.GetOrderingKey(),
			Origin: r.GetOrigin(), TraceContext: r.GetTraceContext(), Priority: r.GetPriority(),
			CreateTime: timestamppb.Now(), DueTime: timestamppb.Now(),
		},
	}
	if r.GetFailure() != nil {
		m.failures = []*dlqv1.Failure{r.GetFailure()}
	}
	if m.maxRetries != nil && *m.maxRetries == 0 {
		m.quarantine(dlqv1.QuarantineReason_QUARANTINE_REASON_RETRIES_EXHAUSTED)
	} else if m.message.GetReason() == dlq.ReasonPoisonMessage {
		m.quarantine(dlqv1.QuarantineReason_QUARANTINE_REASON_PRODUCER_REQUEST)
	}
	f.messages = append(f.messages, m)
	f.addEventLocked(m, "", dlqv1.EventType_EVENT_TYPE_MESSAGE_ADDED)
	f.notifyLocked()
	return f.responseLocked(m, false), nil
}

func checkPayload(p *dlqv1.Payload) error {
	field, size := "text", len(p.GetText())
	if data := p.GetData(); len(data) > 0 {
		field, size = "data", len(data)
	}
	if size <= maxPayload {
		return nil
	}
	return refusal(codes.InvalidArgument, "INVALID_REQUEST", fmt.Sprintf(
		"payload.%s: is %d bytes long; this server accepts at most %d: store large content elsewhere and send a reference, "+
			"or raise the server's payload limit", field, size, maxPayload))
}

// refusal returns an error with details. Clients treat an error without details as one of a proxy.
func refusal(code codes.Code, reason, text string) error {
	st, err := status.New(code, text).WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "dlq.v1"})
	if err != nil {
		return err
	}
	return st.Err()
}

func (f *fakeService) responseLocked(m *fakeMessage, isDuplicate bool) *dlqv1.SendToDlqResponse {
	return &dlqv1.SendToDlqResponse{
		Id: m.message.GetId(), State: m.state, Reason: m.message.GetReason(), Queue: m.message.GetQueue(),
		DueTime: m.message.GetDueTime(), Duplicate: isDuplicate,
	}
}

func (f *fakeService) SendToDlqBatch(ctx context.Context, r *dlqv1.SendToDlqBatchRequest) (*dlqv1.SendToDlqBatchResponse, error) {
	response := &dlqv1.SendToDlqBatchResponse{}
	for _, one := range r.GetRequests() {
		result := &dlqv1.SendToDlqBatchResult{}
		if stored, err := f.SendToDlq(ctx, one); err != nil {
			st := status.Convert(err).Proto()
			result.Outcome = &dlqv1.SendToDlqBatchResult_Error{
				Error: &dlqv1.ErrorStatus{Code: st.GetCode(), Message: st.GetMessage(), Details: st.GetDetails()},
			}
		} else {
			result.Outcome = &dlqv1.SendToDlqBatchResult_Response{Response: stored}
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}

func (f *fakeService) StreamDue(r *dlqv1.StreamDueRequest, stream grpc.ServerStreamingServer[dlqv1.StreamDueResponse]) error {
	session := r.GetResumeSessionId()
	if session == "" {
		f.mu.Lock()
		f.sessions++
		session = fmt.Sprintf("fake-%d", f.sessions)
		f.mu.Unlock()
	}
	opened := &dlqv1.Opened{SessionId: session, LeaseDuration: durationpb.New(fakeLease)}
	err := stream.Send(&dlqv1.StreamDueResponse{Frame: &dlqv1.StreamDueResponse_Opened{Opened: opened}})
	for err == nil {
		f.mu.Lock()
		err = stream.Context().Err()
		if err == nil && f.isDown {
			err = errDown
		}
		if err != nil {
			f.mu.Unlock()
			return err
		}
		due, changed := f.dueLocked(r, session), f.changed
		f.mu.Unlock()
		if len(due) > 0 {
			frame := &dlqv1.StreamDueResponse_Deliveries{Deliveries: &dlqv1.Deliveries{Deliveries: due}}
			err = stream.Send(&dlqv1.StreamDueResponse{Frame: frame})
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

func (f *fakeService) dueLocked(r *dlqv1.StreamDueRequest, session string) []*dlqv1.Delivery {
	inFlight := uint32(0)
	for _, m := range f.messages {
		if m.state == dlq.StateInFlight {
			inFlight++
		}
	}
	var due []*dlqv1.Delivery
	for _, m := range f.messages {
		if m.state != dlq.StateScheduled || m.isWaiting || !slices.Contains(r.GetQueues(), m.message.GetQueue()) {
			continue
		}
		if r.MaxInFlight != nil && inFlight >= r.GetMaxInFlight() { //nolint:protogetter // may be absent
			break
		}
		inFlight++
		m.state = dlq.StateInFlight
		m.deliveries++
		m.session = session
		m.lease = fmt.Sprintf("%s/%d", m.message.GetId(), m.deliveries)
		due = append(due, &dlqv1.Delivery{
			Message: proto.CloneOf(m.message), LeaseToken: m.lease,
			LeaseExpireTime: timestamppb.New(time.Now().Add(fakeLease)),
			Attempt:         m.attempts + 1, DeliveryNumber: m.deliveries,
		})
	}
	return due
}

func (f *fakeService) Ack(_ context.Context, r *dlqv1.AckRequest) (*dlqv1.AckResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	response := &dlqv1.AckResponse{}
	for _, outcome := range r.GetOutcomes() {
		result := &dlqv1.AckResult{Status: dlqv1.AckStatus_ACK_STATUS_LEASE_LOST}
		if m := f.leasedLocked(outcome.GetLeaseToken()); m != nil {
			f.settleLocked(m, outcome)
			result = &dlqv1.AckResult{Status: dlqv1.AckStatus_ACK_STATUS_APPLIED, State: m.state}
		}
		response.Results = append(response.Results, result)
	}
	f.notifyLocked()
	return response, nil
}

func (f *fakeService) leasedLocked(token string) *fakeMessage {
	for _, m := range f.messages {
		if m.state == dlq.StateInFlight && m.lease == token {
			return m
		}
	}
	return nil
}

func (f *fakeService) settleLocked(m *fakeMessage, outcome *dlqv1.Outcome) {
	switch result := outcome.GetResult().(type) {
	case *dlqv1.Outcome_Succeeded:
		m.state = dlq.StateSucceeded
		f.addEventLocked(m, "", dlqv1.EventType_EVENT_TYPE_RETRY_SUCCESS)
	case *dlqv1.Outcome_Discarded:
		m.state = dlq.StateDiscarded
		f.addEventLocked(m, result.Discarded.GetNote(), dlqv1.EventType_EVENT_TYPE_DISCARDED)
	case *dlqv1.Outcome_Quarantined:
		m.quarantine(dlqv1.QuarantineReason_QUARANTINE_REASON_WORKER_REQUEST)
		f.addEventLocked(m, result.Quarantined.GetNote())
	case *dlqv1.Outcome_Released:
		m.state, m.isWaiting = dlq.StateScheduled, true
		f.addEventLocked(m, "", dlqv1.EventType_EVENT_TYPE_RELEASED)
		if result.Released.GetDelay().AsDuration() == 0 {
			time.AfterFunc(releaseDelay, func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				m.isWaiting = false
				f.notifyLocked()
			})
		}
	case *dlqv1.Outcome_Failed:
		m.attempts++
		m.failures = append(m.failures, result.Failed.GetFailure())
		m.message.Failure = result.Failed.GetFailure()
		m.message.FailureCount = uint32(len(m.failures)) //nolint:gosec // few
		m.state = dlq.StateScheduled
		m.isWaiting = result.Failed.GetRetryAfter().AsDuration() > 0
		switch {
		case result.Failed.GetNonRetryable():
			m.quarantine(dlqv1.QuarantineReason_QUARANTINE_REASON_NON_RETRYABLE)
		case m.maxRetries != nil && m.attempts >= *m.maxRetries:
			m.quarantine(dlqv1.QuarantineReason_QUARANTINE_REASON_RETRIES_EXHAUSTED)
		}
		f.addEventLocked(m, "", dlqv1.EventType_EVENT_TYPE_RETRY_FAILED)
	}
}

func (m *fakeMessage) quarantine(reason dlq.QuarantineReason) {
	m.state, m.quarantineReason = dlq.StateQuarantined, reason
}

func (f *fakeService) ExtendLease(_ context.Context, r *dlqv1.ExtendLeaseRequest) (*dlqv1.ExtendLeaseResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	response := &dlqv1.ExtendLeaseResponse{}
	tokens := r.GetLeaseTokens()
	if session := r.GetSessionId(); session != "" {
		for _, m := range f.messages {
			if m.state == dlq.StateInFlight && m.session == session {
				tokens = append(tokens, m.lease)
			}
		}
	}
	for _, token := range tokens {
		result := &dlqv1.ExtendLeaseResult{LeaseToken: token, Status: dlqv1.AckStatus_ACK_STATUS_LEASE_LOST}
		if f.leasedLocked(token) != nil {
			result.Status = dlqv1.AckStatus_ACK_STATUS_APPLIED
			result.LeaseExpireTime = timestamppb.New(time.Now().Add(fakeLease))
		}
		response.Results = append(response.Results, result)
	}
	return response, nil
}
