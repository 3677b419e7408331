package dlq

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"google.golang.org/grpc"
)

const (
	defaultTimeout    = 5 * time.Second
	defaultTryTimeout = 2 * time.Second
	mib               = 1 << 20
)

// Option is an option of [New].
type Option func(*options)

type options struct {
	token                      string
	tls                        *tls.Config
	service, instance, version string
	timeout, tryTimeout        time.Duration
	coalescing                 Coalescing
	spool                      *Spool
	onDropped                  func(err *Error, queue string)
	logger                     *slog.Logger
	tracing                    Tracing
	dial                       []grpc.DialOption
}

// Coalescing says how concurrent sends share calls. A field that is zero has its default.
type Coalescing struct {
	// MaxDelay is how long a send waits for others while a call is under way; with none it goes at
	// once. Default 2 ms; negative for none.
	MaxDelay time.Duration
	// MaxMessages of one call: 1 to 1,000. Default 100, so that many sends share several calls at a time.
	MaxMessages int
	// MaxBytes of one call, at most 3.5 MiB. Default 3 MiB.
	MaxBytes int
	// MaxCalls under way at a time. Default 4.
	MaxCalls int
	// MaxPendingMessages in memory; beyond, a send goes to the spool at once, or is dropped. Default 10,000.
	MaxPendingMessages int
	// MaxPendingBytes of them. Default 64 MiB.
	MaxPendingBytes int
}

// Spool says how sends are kept that can't be delivered in time. A field that is zero has its default.
type Spool struct {
	// Folder of the files. Default: the environment's DLQ_SPOOL_DIR, else the platform's place for state.
	Folder string
	// MaxBytes of all files of the service in the folder. Default 256 MiB.
	MaxBytes int64
	// Sync has each write on the disk before a send counts as kept: it then survives the machine, too.
	Sync bool
}

// WithToken gives a bearer token of the server's DLQ_TOKENS. Space around it does not count, such as the line break at
// the end of a file.
func WithToken(token string) Option {
	return func(o *options) { o.token = strings.TrimSpace(token) }
}

// WithTLS has the connection encrypted; an empty configuration trusts the system's certificates.
func WithTLS(config *tls.Config) Option {
	if config == nil {
		config = &tls.Config{}
	}
	return func(o *options) { o.tls = config.Clone() }
}

// WithService says which service sends, as the origin of each message. Processes of one service deliver
// what another one has left in the spool.
func WithService(name string) Option { return func(o *options) { o.service = name } }

// WithInstance says which instance of the service sends.
func WithInstance(name string) Option { return func(o *options) { o.instance = name } }

// WithVersion says which version of the service sends.
func WithVersion(version string) Option { return func(o *options) { o.version = version } }

// WithSendTimeout is how long a send tries. Default 5 s.
func WithSendTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithTryTimeout is how long one try of a send waits for an answer. Default 2 s.
func WithTryTimeout(timeout time.Duration) Option {
	return func(o *options) { o.tryTimeout = timeout }
}

// WithCoalescing says how concurrent sends share calls.
func WithCoalescing(c Coalescing) Option { return func(o *options) { o.coalescing = c } }

// WithSpool says where sends are kept that can't be delivered in time.
func WithSpool(spool Spool) Option { return func(o *options) { o.spool = &spool } }

// WithoutSpool has sends dropped that can't be delivered in time.
func WithoutSpool() Option { return func(o *options) { o.spool = nil } }

// WithOnDropped is told of each message that was dropped, with the queue that it was for. It is called
// by goroutines of the client, and must not block: Flush and Close wait for it. Default: at most one line a second in the log.
func WithOnDropped(tell func(err *Error, queue string)) Option {
	return func(o *options) { o.onDropped = tell }
}

// WithLogger is where the client says what an operator should know. Default: slog.Default.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

// WithTracing has messages belong to the traces of who sends and who handles them; module dlqotel has it
// for OpenTelemetry.
func WithTracing(tracing Tracing) Option { return func(o *options) { o.tracing = tracing } }

// WithDialOptions are options of each connection, such as interceptors; they come after the client's own.
func WithDialOptions(dial ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, dial...) }
}

func optionsOf(given []Option) (options, error) {
	o := options{
		timeout:    defaultTimeout,
		tryTimeout: defaultTryTimeout,
		spool:      &Spool{},
	}
	for _, option := range given {
		option(&o)
	}
	if o.logger == nil {
		o.logger = slog.Default()
	}
	o.logger = slog.New(shieldedHandler{o.logger.Handler()})
	if strings.ContainsFunc(o.token, unicode.IsControl) {
		return o, errors.New("dlq: the token has a control character, such as a line break, within; no header can carry it")
	}
	if o.timeout <= 0 || o.tryTimeout <= 0 {
		return o, fmt.Errorf("dlq: the timeouts are %v and %v; give more than 0", o.timeout, o.tryTimeout)
	}
	if o.spool != nil && o.spool.MaxBytes < 0 {
		return o, fmt.Errorf("dlq: the spool's MaxBytes is %d; give more than 0", o.spool.MaxBytes)
	}
	var err error
	o.coalescing, err = o.coalescing.inForce()
	return o, err
}

func (c Coalescing) inForce() (Coalescing, error) {
	if min(c.MaxMessages, c.MaxBytes, c.MaxCalls, c.MaxPendingMessages, c.MaxPendingBytes) < 0 {
		return c, errors.New("dlq: a bound of Coalescing is below 0")
	}
	if c.MaxDelay == 0 {
		c.MaxDelay = 2 * time.Millisecond
	}
	c.MaxDelay = max(c.MaxDelay, 0)
	// What the server takes in one call.
	c.MaxMessages = min(orDefault(c.MaxMessages, 100), 1_000)
	c.MaxBytes = min(orDefault(c.MaxBytes, 3*mib), 3*mib+mib/2)
	c.MaxCalls = orDefault(c.MaxCalls, 4)
	c.MaxPendingMessages = orDefault(c.MaxPendingMessages, 10_000)
	c.MaxPendingBytes = orDefault(c.MaxPendingBytes, 64*mib)
	return c, nil
}

func orDefault[T int | int64](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}
