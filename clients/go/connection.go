package dlq

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

const (
	// Pings find a dead peer on a connection without traffic.
	pingInterval = 10 * time.Second
	pingTimeout  = 5 * time.Second
	// windowBytes: with gRPC's 64 KiB a frame of 1 MiB waits for the peer sixteen times.
	windowBytes = 4 * mib
	// maxTokenCalls bounds concurrent calls of the function for the token: each may hang.
	maxTokenCalls = 64
	// maxFrameBytes bounds one message from the server.
	maxFrameBytes = 64 * mib
)

// connection is an HTTP/2 connection. Its first call opens it, and gRPC opens it again when it breaks.
type connection struct {
	conn      *grpc.ClientConn
	stub      dlqv1.DlqServiceClient
	createdAt time.Time
	wasUsed   atomic.Bool // by a call
	notOpened atomic.Bool // a call failed before it was sent
}

// dialer creates connections. Sends and outcomes share one. Each stream has its own, so that a reconnect
// may reach another server behind a load balancer.
type dialer func() (*connection, error)

// newDialer returns an error if gRPC does not accept the target or an option.
func newDialer(t target, o *options) (dialer, error) {
	security := insecure.NewCredentials()
	switch {
	case o.tls != nil && t.scheme == "http":
		return nil, fmt.Errorf("dlq: WithTLS is given, but the target is in plaintext; use https://%s", t.dial)
	case o.tls != nil:
		security = credentials.NewTLS(o.tls)
	case t.scheme == "https":
		security = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	case (o.token != "" || o.tokenSource != nil) && !t.isLocal:
		o.logger.Warn(fmt.Sprintf(
			"dlq: the token goes to %s in plaintext; use https://%[1]s and a server with TLS", t.spool))
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
		grpc.WithUserAgent("dlq-go"),
	}
	if o.token != "" || o.tokenSource != nil {
		running := make(chan struct{}, maxTokenCalls)
		dial = append(dial, grpc.WithPerRPCCredentials(bearer{o.token, o.tokenSource, running}))
	}
	dial = append(dial, o.dial...)
	connect := func() (*connection, error) {
		c := &connection{createdAt: time.Now()}
		conn, err := grpc.NewClient(t.dial, append(slices.Clip(dial), grpc.WithStatsHandler(sentFlagHandler{c}))...)
		if err != nil {
			return nil, fmt.Errorf("dlq: the target %q is invalid: %w", t.dial, err)
		}
		c.conn, c.stub = conn, dlqv1.NewDlqServiceClient(conn)
		return c, nil
	}
	return connect, nil
}

// hasFailed reports whether the latest try to open the connection failed. Until gRPC's next try, calls fail with
// the error of that one; the state that gRPC reports may come after these.
func (c *connection) hasFailed() bool {
	return c.notOpened.Load() || c.conn.GetState() == connectivity.TransientFailure
}

func (c *connection) close() { _ = c.conn.Close() }

// bearer adds a token to calls. It is sent without TLS, too: on loopback, or behind a service mesh that encrypts.
type bearer struct {
	token   string
	source  func(ctx context.Context) (string, error) // nil: the token does not change
	running chan struct{}                             // bounds the calls of source
}

var errNoToken = errors.New("no token in time")

// getToken ends with ctx also if the user's function does not.
func (b bearer) getToken(ctx context.Context) (string, error) {
	if b.source == nil {
		return b.token, nil
	}
	select {
	case b.running <- struct{}{}:
	case <-ctx.Done():
		return "", errNoToken
	}
	var token string
	done := make(chan error, 1)
	go func() {
		defer func() { <-b.running }()
		done <- catchPanic(func() (err error) {
			token, err = b.source(ctx)
			return err
		})
	}()
	select {
	case err := <-done:
		return token, err
	case <-ctx.Done():
		return "", errNoToken
	}
}

func (b bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := b.getToken(ctx)
	token = strings.TrimSpace(token)
	switch {
	case errors.Is(err, errNoToken):
		return nil, status.Error(codes.Unavailable, "the function of WithTokenSource has not returned in time")
	case err != nil:
		return nil, status.Error(codes.Unavailable, "the function of WithTokenSource failed: "+textOf(err))
	case strings.ContainsFunc(token, unicode.IsControl):
		return nil, status.Error(codes.Unauthenticated, errControlInToken.Error())
	case token == "":
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// sentFlagHandler records which calls reached a connection. Other calls had no effect.
type sentFlagHandler struct{ conn *connection }

type sentFlagKey struct{}

// withSentFlag returns a context for one call, and a flag that is set when the call reaches a connection.
func withSentFlag(ctx context.Context) (context.Context, *atomic.Bool) {
	wasSent := new(atomic.Bool)
	return context.WithValue(ctx, sentFlagKey{}, wasSent), wasSent
}

func (sentFlagHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (h sentFlagHandler) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.OutHeader); !ok {
		return
	}
	h.conn.wasUsed.Store(true)
	if wasSent, ok := ctx.Value(sentFlagKey{}).(*atomic.Bool); ok {
		wasSent.Store(true)
	}
}

func (sentFlagHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (sentFlagHandler) HandleConn(context.Context, stats.ConnStats) {}
