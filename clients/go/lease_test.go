package dlq_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// leaseLoser delivers one message and answers its first extension with a lost lease.
type leaseLoser struct {
	dlqv1.UnimplementedDlqServiceServer
	acked chan *dlqv1.Outcome
}

func (*leaseLoser) StreamDue(_ *dlqv1.StreamDueRequest, stream grpc.ServerStreamingServer[dlqv1.StreamDueResponse]) error {
	const lease = 300 * time.Millisecond
	for _, response := range []*dlqv1.StreamDueResponse{
		{Frame: &dlqv1.StreamDueResponse_Opened{Opened: &dlqv1.Opened{
			SessionId: "s", LeaseDuration: durationpb.New(lease),
		}}},
		{Frame: &dlqv1.StreamDueResponse_Deliveries{Deliveries: &dlqv1.Deliveries{Deliveries: []*dlqv1.Delivery{{
			Message: &dlqv1.Message{Id: "1", Queue: "orders"}, LeaseToken: "t",
			LeaseExpireTime: timestamppb.New(time.Now().Add(lease)),
		}}}}},
	} {
		if err := stream.Send(response); err != nil {
			return err
		}
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (*leaseLoser) ExtendLease(_ context.Context, r *dlqv1.ExtendLeaseRequest) (*dlqv1.ExtendLeaseResponse, error) {
	response := &dlqv1.ExtendLeaseResponse{}
	for _, token := range r.GetLeaseTokens() {
		response.Results = append(response.Results, &dlqv1.ExtendLeaseResult{
			LeaseToken: token, Status: dlqv1.AckStatus_ACK_STATUS_LEASE_LOST, ShouldStop: true,
		})
	}
	return response, nil
}

func (s *leaseLoser) Ack(_ context.Context, r *dlqv1.AckRequest) (*dlqv1.AckResponse, error) {
	response := &dlqv1.AckResponse{}
	for _, outcome := range r.GetOutcomes() {
		s.acked <- outcome
		response.Results = append(response.Results, &dlqv1.AckResult{Status: dlqv1.AckStatus_ACK_STATUS_LEASE_LOST})
	}
	return response, nil
}

// clientOf returns a client of a service of the test.
func clientOf(t *testing.T, service dlqv1.DlqServiceServer, opts ...dlq.Option) *dlq.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	dlqv1.RegisterDlqServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	client, err := dlq.New(listener.Addr().String(), append([]dlq.Option{dlq.WithoutSpool(), dlq.WithLogger(noLog())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(context.Background()) })
	return client
}

func TestLostLeaseCancelsHandlerContext(t *testing.T) {
	service := &leaseLoser{acked: make(chan *dlqv1.Outcome, 10)}
	client := clientOf(t, service)
	causes, reported := make(chan error, 1), make(chan error, 10)
	worker := work(t, client, func(ctx context.Context, _ *dlq.Delivery) error {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}, dlq.WithOnError(func(err *dlq.Error, d *dlq.Delivery) {
		if d.ID == "1" {
			reported <- err
		}
	}))
	if cause := <-causes; !errors.Is(cause, dlq.ErrLeaseLost) {
		t.Errorf("the cause is %v", cause)
	}
	if err := <-reported; !errors.Is(err, dlq.ErrLeaseLost) {
		t.Errorf("reported %v", err)
	}
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if len(service.acked) != 0 {
		t.Errorf("reported outcome %v of a lost lease", <-service.acked)
	}
	if len(reported) != 0 {
		t.Errorf("reported %v", <-reported)
	}
}
