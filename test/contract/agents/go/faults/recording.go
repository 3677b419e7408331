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
	look = 10 * time.Millisecond
	// endedWithin: calls have deadlines of a few seconds, and end with their connections.
	endedWithin = 20 * time.Second
)

// refusals are codes by which the server itself says that nothing has changed.
var refusals = []codes.Code{
	codes.ResourceExhausted, codes.InvalidArgument, codes.Unauthenticated, codes.Unimplemented,
}

// recording writes down what the client puts on the wire, and what comes back: below all that it does itself.
type recording struct {
	history *history
	// onSent is told each request that was answered.
	onSent func(request string)
	named  atomic.Int64
	open   atomic.Int64
}

func (r *recording) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithUnaryInterceptor(r.unary), grpc.WithStreamInterceptor(r.stream)}
}

// end is told what a call has come to: its error, or nil.
type end func(err error)

func (r *recording) unary(
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

func (r *recording) begin(request, reply any) end {
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

func (r *recording) beginSend(request *dlqv1.SendToDlqRequest, response *dlqv1.SendToDlqResponse) end {
	r.sending(request)
	return func(err error) {
		if err != nil {
			r.unsent(request.GetRequestId(), err)
		} else {
			r.sent(request.GetRequestId(), response)
		}
	}
}

func (r *recording) beginBatch(requests []*dlqv1.SendToDlqRequest, response *dlqv1.SendToDlqBatchResponse) end {
	for _, request := range requests {
		r.sending(request)
	}
	return func(err error) {
		for at, request := range requests {
			id := request.GetRequestId()
			if err != nil {
				r.unsent(id, err)
				continue
			}
			switch outcome := response.GetResults()[at].GetOutcome().(type) {
			case *dlqv1.SendToDlqBatchResult_Response:
				r.sent(id, outcome.Response)
			case *dlqv1.SendToDlqBatchResult_Error: // of one message: the server's own words
				code := codes.Code(outcome.Error.GetCode()) //nolint:gosec // 0 to 16
				r.history.write("unsent", fields{
					"request": id, "code": codeName(code), "refused": slices.Contains(refusals, code),
				})
			}
		}
	}
}

func (r *recording) sending(request *dlqv1.SendToDlqRequest) {
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

func (r *recording) sent(request string, response *dlqv1.SendToDlqResponse) {
	state := bare(response.GetState())
	if response.GetDuplicate() && response.GetId() == "" {
		state = "KNOWN"
	}
	r.history.write("sent", fields{
		"request": request, "id": response.GetId(), "state": state, "dueAt": msOfStamp(response.GetDueTime()),
	})
	r.onSent(request)
}

func (r *recording) unsent(request string, err error) {
	r.history.write("unsent", fields{"request": request, "code": codeOf(err), "refused": isRefused(err)})
}

// waitUntilEnded waits until each call and stream has its end in the history: some end after their client.
func (r *recording) waitUntilEnded() error {
	for late := time.Now().Add(endedWithin); r.open.Load() > 0; time.Sleep(look) {
		if time.Now().After(late) {
			return fmt.Errorf("%d calls of the client have not ended", r.open.Load())
		}
	}
	return nil
}

func (r *recording) name(kind string) string { return fmt.Sprintf("%s-%d", kind, r.named.Add(1)) }

func codeName(code codes.Code) string { return rpccode.Code(code).String() } //nolint:gosec // 0 to 16

func codeOf(err error) string { return codeName(status.Code(err)) }

// isRefused: it has surely changed nothing, by the server's own words, which carry details. Else nobody knows.
func isRefused(err error) bool {
	told := status.Convert(err)
	return len(told.Proto().GetDetails()) > 0 && slices.Contains(refusals, told.Code())
}

func bare(name fmt.Stringer) string {
	short := name.String()
	for _, prefix := range []string{"MESSAGE_STATE_", "ACK_STATUS_"} {
		short = strings.TrimPrefix(short, prefix)
	}
	return short
}
