package dlq

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
)

const (
	// Pings find a dead peer on a connection without traffic.
	pingInterval = 10 * time.Second
	pingTimeout  = 5 * time.Second
	// windowBytes: with gRPC's 64 KiB a frame of 1 MiB waits for the peer sixteen times.
	windowBytes = 4 * mib
	// maxFrameBytes bounds one message from the server.
	maxFrameBytes = 64 * mib
)

// connection is an HTTP/2 connection. Its first call opens it, and gRPC opens it again when it breaks.
type connection struct {
	conn      *grpc.ClientConn
	stub      dlqv1.DlqServiceClient
	createdAt time.Time
}

// dialer creates connections. Sends and outcomes share one. Each stream has its own, so that a reconnect
// may reach another server behind a load balancer.
type dialer func() (*connection, error)

// newDialer returns an error if gRPC does not accept the target or an option.
func newDialer(target string, o *options) (dialer, error) {
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return nil, fmt.Errorf("dlq: the target %q is a URL; use host:port, such as localhost:50051, and WithTLS for https", target)
	}
	security := insecure.NewCredentials()
	if o.tls != nil {
		security = credentials.NewTLS(o.tls)
	}
	dial := []grpc.DialOption{
		grpc.WithTransportCredentials(security),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingInterval, Timeout: pingTimeout}),
		grpc.WithInitialWindowSize(windowBytes),
		grpc.WithInitialConnWindowSize(2 * windowBytes),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxFrameBytes)),
		// The callers have their own backoff.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithStatsHandler(sentFlagHandler{}),
		grpc.WithUserAgent("dlq-go"),
	}
	if o.token != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(bearer(o.token)))
	}
	dial = append(dial, o.dial...)
	connect := func() (*connection, error) {
		conn, err := grpc.NewClient(target, dial...)
		if err != nil {
			return nil, fmt.Errorf("dlq: the target %q is invalid: %w", target, err)
		}
		return &connection{conn: conn, stub: dlqv1.NewDlqServiceClient(conn), createdAt: time.Now()}, nil
	}
	return connect, nil
}

// readyStub returns the stub. A connection that failed to open is opened again without gRPC's backoff.
func (c *connection) readyStub() dlqv1.DlqServiceClient {
	if c.conn.GetState() == connectivity.TransientFailure {
		c.conn.ResetConnectBackoff()
	}
	return c.stub
}

func (c *connection) close() { _ = c.conn.Close() }

// bearer is a token. It is sent without TLS, too: on loopback, or behind a service mesh that encrypts.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// sentFlagHandler records which calls reached a connection. Other calls had no effect.
type sentFlagHandler struct{}

type sentFlagKey struct{}

// withSentFlag returns a context for one call, and a flag that is set when the call reaches a connection.
func withSentFlag(ctx context.Context) (context.Context, *atomic.Bool) {
	wasSent := new(atomic.Bool)
	return context.WithValue(ctx, sentFlagKey{}, wasSent), wasSent
}

func (sentFlagHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (sentFlagHandler) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.OutHeader); !ok {
		return
	}
	if wasSent, ok := ctx.Value(sentFlagKey{}).(*atomic.Bool); ok {
		wasSent.Store(true)
	}
}

func (sentFlagHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (sentFlagHandler) HandleConn(context.Context, stats.ConnStats) {}

// spoolTarget returns the target as spool files have it: host and port without gRPC's scheme. A Unix socket
// keeps its whole path, because sockets in other folders may have the same name.
func spoolTarget(target string) string {
	if strings.HasPrefix(target, "unix:") || strings.HasPrefix(target, "unix-abstract:") {
		return target
	}
	if i := strings.LastIndex(target, "/"); i >= 0 && strings.Contains(target, ":///") {
		target = target[i+1:]
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		target = net.JoinHostPort(strings.Trim(target, "[]"), "443") // gRPC's default
	}
	return target
}
