package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	pollInterval = 10 * time.Millisecond
	// endedWithin is longer than the deadline of any call.
	endedWithin = 20 * time.Second
)

// refusals are the codes of the server's own errors that prove that nothing has changed.
var refusals = []codes.Code{
	codes.ResourceExhausted, codes.InvalidArgument, codes.Unauthenticated, codes.Unimplemented,
}

// recorder records every call of a client in a history, below its retries.
type recorder struct {
	history *history
	// onSent is called with the request id of each stored message.
	onSent func(request string)
	names  atomic.Int64
	open   atomic.Int64 // calls and streams
}

func (r *recorder) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithUnaryInterceptor(r.unary), grpc.WithStreamInterceptor(r.stream)}
}

// end records the end of a call with its error or nil.
type end func(err error)

func (r *recorder) unary(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
	invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	ended := r.begin(request, reply)
	r.open.Add(1)
	defer r.open.Add(-1)
	err := invoke(ctx, method, request, reply, conn, opts...)
	ended(err)
	return err
}

func (r *recorder) begin(request, reply any) end {
	switch request := request.(type) {
	case *dlqv1.SendToDlqRequest:
		response, _ := reply.(*dlqv1.SendToDlqResponse)
		return r.beginSend(request, response)
	case *dlqv1.SendToDlqBatchRequest:
		response, _ := reply.(*dlqv1.SendToDlqBatchResponse)
		return r.beginBatch(request.GetRequests(), response)
	case *dlqv1.AckRequest:
		response, _ := reply.(*dlqv1.AckResponse)
		return r.beginAck(request, response)
	case *dlqv1.ExtendLeaseRequest:
		response, _ := reply.(*dlqv1.ExtendLeaseResponse)
		return r.beginExtend(request, response)
	default:
		return func(error) {}
	}
}

func (r *recorder) beginSend(request *dlqv1.SendToDlqRequest, response *dlqv1.SendToDlqResponse) end {
	r.sending(request)
	return func(err error) {
		if err != nil {
			r.unsent(request.GetRequestId(), err)
		} else {
			r.sent(request.GetRequestId(), response)
		}
	}
}

func (r *recorder) beginBatch(requests []*dlqv1.SendToDlqRequest, response *dlqv1.SendToDlqBatchResponse) end {
	for _, request := range requests {
		r.sending(request)
	}
	return func(err error) {
		for i, request := range requests {
			id := request.GetRequestId()
			if err != nil {
				r.unsent(id, err)
				continue
			}
			switch outcome := response.GetResults()[i].GetOutcome().(type) {
			case *dlqv1.SendToDlqBatchResult_Response:
				r.sent(id, outcome.Response)
			case *dlqv1.SendToDlqBatchResult_Error:
				code := codes.Code(outcome.Error.GetCode()) //nolint:gosec // 0 to 16
				r.history.write("unsent", fields{
					"request": id, "code": codeName(code), "refused": slices.Contains(refusals, code),
				})
			}
		}
	}
}

func (r *recorder) sending(request *dlqv1.SendToDlqRequest) {
	text := request.GetPayload().GetText()
	var c content
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	r.history.write("sending", fields{
		"request": request.GetRequestId(), "source": request.GetSourceId(), "queue": request.GetQueue(),
		"sum": sumOf([]byte(text)), "edited": sumOf([]byte(editedText(c))), "plan": c.Plan,
	})
}

func (r *recorder) sent(request string, response *dlqv1.SendToDlqResponse) {
	state := bare(response.GetState())
	if response.GetDuplicate() && response.GetId() == "" {
		state = "KNOWN"
	}
	r.history.write("sent", fields{
		"request": request, "id": response.GetId(), "state": state, "dueAt": msOfStamp(response.GetDueTime()),
	})
	r.onSent(request)
}

func (r *recorder) unsent(request string, err error) {
	r.history.write("unsent", fields{"request": request, "code": codeOf(err), "refused": isRefused(err)})
}

// waitUntilEnded waits until the history has the end of each call and stream. Some end after their client.
func (r *recorder) waitUntilEnded() error {
	for late := time.Now().Add(endedWithin); r.open.Load() > 0; time.Sleep(pollInterval) {
		if time.Now().After(late) {
			return fmt.Errorf("%d calls of the client have not ended", r.open.Load())
		}
	}
	return nil
}

func (r *recorder) name(kind string) string { return fmt.Sprintf("%s-%d", kind, r.names.Add(1)) }

func codeName(code codes.Code) string { return rpccode.Code(code).String() } //nolint:gosec // 0 to 16

func codeOf(err error) string { return codeName(status.Code(err)) }

// isRefused reports whether the call has surely changed nothing: the server's own errors have details.
func isRefused(err error) bool {
	st := status.Convert(err)
	return len(st.Proto().GetDetails()) > 0 && slices.Contains(refusals, st.Code())
}

// bare returns the name of an enum value without the prefix of its enum.
func bare(name fmt.Stringer) string {
	short := name.String()
	for _, prefix := range []string{"MESSAGE_STATE_", "ACK_STATUS_"} {
		short = strings.TrimPrefix(short, prefix)
	}
	return short
}
