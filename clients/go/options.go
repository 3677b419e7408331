package dlq

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"google.golang.org/grpc"
)

const (
	defaultTimeout    = 5 * time.Second
	defaultTryTimeout = 2 * time.Second
	mib               = 1 << 20
	// minTimeout refuses a number of seconds or milliseconds that was given as a time.Duration.
	minTimeout = time.Millisecond
	// maxTimeout is a little less than the service remembers a request id.
	maxTimeout = 10*time.Minute - time.Millisecond
)

// Option is an option of [New].
type Option func(*options)

type options struct {
	token                      string
	tokenSource                func(ctx context.Context) (string, error)
	tls                        *tls.Config
	service, instance, version string
	timeout, tryTimeout        time.Duration
	coalescing                 Coalescing
	spool                      *Spool
	onDropped                  func(err *Error, queue string)
	callbacks                  outcomeCallbacks
	logger                     *slog.Logger
	logging                    *atomic.Int32 // lines that are being written
	telemetry                  Telemetry
	dial                       []grpc.DialOption
}

// Coalescing says how concurrent sends share calls, and how many may be pending. Zero fields have defaults.
type Coalescing struct {
	// MaxDelay is how long a send waits for others while a call is under way. Without a call it goes at once.
	// Default 2 ms; negative for no wait.
	MaxDelay time.Duration
	// MaxMessages bounds the messages of a call: 1 to 1,000. Default 100.
	MaxMessages int
	// MaxBytes bounds the bytes of a call: 1 to 3.5 MiB. Default 3 MiB.
	MaxBytes int
	// MaxCalls bounds concurrent calls. Default 4.
	MaxCalls int
	// MaxPendingMessages bounds pending sends. Further sends go to the spool at once, or are dropped without
	// one. Default 10,000.
	MaxPendingMessages int
	// MaxPendingBytes bounds the bytes of pending sends. Default 64 MiB.
	MaxPendingBytes int
}

// Spool says where messages are stored that can't be sent in time. Zero fields have defaults.
type Spool struct {
	// Folder is the folder of the files. Default: the environment variable DLQ_SPOOL_DIR, or the platform's
	// folder for state.
	Folder string
	// MaxBytes bounds all files of the service in the folder. Default 256 MiB.
	MaxBytes int64
	// Sync makes each message survive a crash of the machine: its write is on the disk before the send returns.
	Sync bool
}

// WithToken sets a bearer token that the server accepts. Surrounding space is removed, such as the line
// break of a file.
func WithToken(token string) Option {
	return func(o *options) { o.token, o.tokenSource = strings.TrimSpace(token), nil }
}

// WithTokenSource sets a function that returns the bearer token of each call, for tokens that change. It must be fast,
// safe for concurrent use, and end with ctx. An error counts as a server that is unavailable: sends are tried again and
// spooled. An empty token is not sent.
func WithTokenSource(source func(ctx context.Context) (string, error)) Option {
	return func(o *options) { o.token, o.tokenSource = "", source }
}

// WithTLS encrypts the connection. A nil config trusts the system's certificates.
func WithTLS(config *tls.Config) Option {
	if config == nil {
		config = &tls.Config{}
	}
	return func(o *options) { o.tls = config.Clone() }
}

// WithService sets the name of the sending service, which each message shows. A process also sends the spooled
// messages that ended processes of the same service left on disk.
func WithService(name string) Option { return func(o *options) { o.service = name } }

// WithInstance sets the name of the instance, which each message shows.
func WithInstance(name string) Option { return func(o *options) { o.instance = name } }

// WithVersion sets the version of the service, which each message shows.
func WithVersion(version string) Option { return func(o *options) { o.version = version } }

// WithSendTimeout sets how long a send tries: 1 ms to less than 10 minutes. Default 5 s.
func WithSendTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithTryTimeout sets how long one try of a send waits for its answer. Default 2 s.
func WithTryTimeout(timeout time.Duration) Option {
	return func(o *options) { o.tryTimeout = timeout }
}

// WithCoalescing sets how concurrent sends share calls.
func WithCoalescing(c Coalescing) Option { return func(o *options) { o.coalescing = c } }

// WithSpool sets where messages are stored that can't be sent in time.
func WithSpool(spool Spool) Option { return func(o *options) { o.spool = &spool } }

// WithoutSpool drops messages that can't be sent in time.
func WithoutSpool() Option { return func(o *options) { o.spool = nil } }

// WithOnDropped sets a function that is called for each dropped message, with its queue, one call after another.
// Flush and Close wait up to 5 s for it. A drop of a message that the function itself sends is only logged, unless it
// sends in another goroutine. Default: at most one log line a second.
func WithOnDropped(onDropped func(err *Error, queue string)) Option {
	return func(o *options) { o.onDropped = onDropped }
}

// WithOnSucceeded sets a function that is called when a worker, of any program, has processed a message that this client
// sent.
//
// This and the functions of [WithOnFailed] and [WithOnQuarantined] get each event once, those of a queue in order and
// one at a time: a slow call delays the others of its queue. A call may come before the send returns. After a restart
// of the program nothing is followed, and of more than 10,000 messages the latest. Close waits up to 5 s for a running
// call, unless that calls Close itself.
func WithOnSucceeded(onSucceeded func(OutcomeEvent)) Option {
	return func(o *options) { o.callbacks.onSucceeded = onSucceeded }
}

// WithOnFailed sets a function that is called for each failed attempt at a message that this client sent. See
// [WithOnSucceeded].
func WithOnFailed(onFailed func(OutcomeEvent)) Option {
	return func(o *options) { o.callbacks.onFailed = onFailed }
}

// WithOnQuarantined sets a function that is called when a message that this client sent comes into quarantine, where it
// stays until an operator decides. See [WithOnSucceeded].
func WithOnQuarantined(onQuarantined func(OutcomeEvent)) Option {
	return func(o *options) { o.callbacks.onQuarantined = onQuarantined }
}

// WithLogger sets the logger for warnings and errors. Default: slog.Default.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

// WithTelemetry gives the client spans and metrics. Module dlqotel implements it for OpenTelemetry.
func WithTelemetry(telemetry Telemetry) Option { return func(o *options) { o.telemetry = telemetry } }

// WithDialOptions adds gRPC options of each connection, such as interceptors, after those of the client.
func WithDialOptions(dial ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, dial...) }
}

var errControlInToken = errors.New("dlq: the token contains a control character, such as a line break; give it without")

func newOptions(given []Option) (options, error) {
	o := options{
		timeout:    defaultTimeout,
		tryTimeout: defaultTryTimeout,
		spool:      &Spool{},
		logging:    &atomic.Int32{},
	}
	for _, option := range given {
		if option != nil {
			option(&o)
		}
	}
	if o.logger == nil {
		o.logger = slog.Default()
	}
	o.logger = slog.New(safeLogHandler{o.logger.Handler(), o.logging})
	if strings.ContainsFunc(o.token, unicode.IsControl) {
		return o, errControlInToken
	}
	if min(o.timeout, o.tryTimeout) < minTimeout || max(o.timeout, o.tryTimeout) > maxTimeout {
		return o, fmt.Errorf("dlq: the timeouts are %v and %v; give at least 1ms, such as 5*time.Second, and less than 10m", o.timeout, o.tryTimeout)
	}
	if o.spool != nil && o.spool.MaxBytes < 0 {
		return o, fmt.Errorf("dlq: the spool's MaxBytes is %d; give more than 0", o.spool.MaxBytes)
	}
	var err error
	o.coalescing, err = o.coalescing.withDefaults()
	return o, err
}

func (c Coalescing) withDefaults() (Coalescing, error) {
	for _, bound := range []struct {
		name            string
		value           *int
		byDefault, most int // 0: no limit
	}{
		// The server's limits for one call.
		{"MaxMessages", &c.MaxMessages, 100, 1_000},
		{"MaxBytes", &c.MaxBytes, 3 * mib, 3*mib + mib/2},
		{"MaxCalls", &c.MaxCalls, 4, 0},
		{"MaxPendingMessages", &c.MaxPendingMessages, 10_000, 0},
		{"MaxPendingBytes", &c.MaxPendingBytes, 64 * mib, 0},
	} {
		value, most, give := cmp.Or(*bound.value, bound.byDefault), bound.most, "1 or more"
		if most > 0 {
			give = fmt.Sprintf("1 to %d", most)
		}
		if value < 1 || most > 0 && value > most {
			return c, fmt.Errorf("dlq: %s of Coalescing is %d; give %s, or 0 for the default of %d", bound.name, value, give, bound.byDefault)
		}
		*bound.value = value
	}
	c.MaxDelay = max(cmp.Or(c.MaxDelay, 2*time.Millisecond), 0)
	return c, nil
}
