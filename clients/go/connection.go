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
	// A dead peer is found by these, where nothing else is heard.
	pingInterval = 10 * time.Second
	pingTimeout  = 5 * time.Second
	// windowBytes: gRPC's 64 KiB would have a frame of 1 MiB wait for the peer sixteen times.
	windowBytes = 4 * mib
	// mostFrameBytes of what a server sends at a time.
	mostFrameBytes = 64 * mib
)

// wire is one connection, opened by its first call and again when it breaks.
type wire struct {
	conn   *grpc.ClientConn
	stub   dlqv1.DlqServiceClient
	madeAt time.Time
}

// dialer makes connections: sends and acks share one, each stream has its own, so that reconnecting is
// really that, also behind a load balancer.
type dialer func() (*wire, error)

// newDialer fails if the target or an option is none that gRPC takes.
func newDialer(target string, o *options) (dialer, error) {
	if strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://") {
		return nil, fmt.Errorf("dlq: the target is %q; give host:port, such as localhost:50051, and WithTLS for https", target)
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
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(mostFrameBytes)),
		// Whoever calls waits between its tries itself.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithStatsHandler(outNotes{}),
		grpc.WithUserAgent("dlq-go"),
	}
	if o.token != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(bearer(o.token)))
	}
	dial = append(dial, o.dial...)
	connect := func() (*wire, error) {
		conn, err := grpc.NewClient(target, dial...)
		if err != nil {
			return nil, fmt.Errorf("dlq: the target is %q: %w", target, err)
		}
		return &wire{conn: conn, stub: dlqv1.NewDlqServiceClient(conn), madeAt: time.Now()}, nil
	}
	return connect, nil
}

// ready has a connection that could not be made tried again at once: the caller has waited already.
func (w *wire) ready() dlqv1.DlqServiceClient {
	if w.conn.GetState() == connectivity.TransientFailure {
		w.conn.ResetConnectBackoff()
	}
	return w.stub
}

func (w *wire) close() { _ = w.conn.Close() }

// bearer is a token, also without TLS: on loopback, or behind a mesh's own encryption.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// outNotes note which calls have reached a connection: others can't have had an effect.
type outNotes struct{}

type outNoteKey struct{}

// withOutNote gives a context for one call, and what says afterwards whether it went out.
func withOutNote(ctx context.Context) (context.Context, *atomic.Bool) {
	note := new(atomic.Bool)
	return context.WithValue(ctx, outNoteKey{}, note), note
}

func (outNotes) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (outNotes) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.OutHeader); !ok {
		return
	}
	if note, ok := ctx.Value(outNoteKey{}).(*atomic.Bool); ok {
		note.Store(true)
	}
}

func (outNotes) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (outNotes) HandleConn(context.Context, stats.ConnStats) {}

// spoolTarget is the name of the server in spool files: host and port, without a scheme of gRPC's. A socket has its
// whole path: others have files of the same name.
func spoolTarget(target string) string {
	if strings.HasPrefix(target, "unix:") || strings.HasPrefix(target, "unix-abstract:") {
		return target
	}
	if at := strings.LastIndex(target, "/"); at >= 0 && strings.Contains(target, ":///") {
		target = target[at+1:]
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		target = net.JoinHostPort(strings.Trim(target, "[]"), "443") // as gRPC does
	}
	return target
}
