package dlq_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
)

// closedTarget returns an address that refuses connections.
func closedTarget(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// unknownHosts is a resolver that finds no host.
type unknownHosts struct{}

func (unknownHosts) Scheme() string { return "unknown" }

func (u unknownHosts) Build(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	cc.ReportError(errors.New("no such host"))
	return u, nil
}

func (unknownHosts) ResolveNow(resolver.ResolveNowOptions) {}

func (unknownHosts) Close() {}

func TestSendWithoutConnectionIsSpooledAtOnce(t *testing.T) {
	for _, target := range []string{closedTarget(t), "unknown:///dlq.internal:50051"} {
		client := spoolingClient(t, target, dlq.WithSendTimeout(9*time.Minute), dlq.WithLogger(noLog()),
			dlq.WithDialOptions(grpc.WithResolvers(unknownHosts{})))
		spooled(t, client, "a")
	}
}

// gRPC answers calls with the latest error until its next try of a connection.
func TestSendAfterRefusedConnectionTriesAgain(t *testing.T) {
	target := closedTarget(t)
	client := spoolingClient(t, target, dlq.WithSendTimeout(time.Minute), dlq.WithLogger(noLog()))
	spooled(t, client, "a")
	listener, err := net.Listen("tcp", target)
	if err != nil {
		t.Skip(err) // another process has the port now
	}
	server := grpc.NewServer()
	s := &scripted{target: target, changed: make(chan struct{})}
	dlqv1.RegisterDlqServiceServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	if result, err := client.Send(t.Context(), "orders", "b", nil); err != nil || result.Status != dlq.StatusSent {
		t.Errorf("got %+v, %v", result, err)
	}
	s.waitFor(t, 2)
}
