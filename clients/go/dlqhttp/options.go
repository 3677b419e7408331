package dlqhttp

import (
	"log/slog"
	"net/http"

	"github.com/dlq-service/dlq/clients/go"
)

// Option is an option of [Handler] and [Do].
type Option func(*options)

type options struct {
	payload func(r *http.Request, body []byte) any
	send    func(r *http.Request) []dlq.SendOption
	when    func(r *http.Request, err error) bool
	secrets []string
	logger  *slog.Logger
}

// WithPayload sets the payload of a request's message, for [Handler] only. Default: the body.
func WithPayload(payload func(r *http.Request, body []byte) any) Option {
	return func(o *options) { o.payload = payload }
}

// WithSendOptions sets options of a request's send. They override its headers.
func WithSendOptions(send func(r *http.Request) []dlq.SendOption) Option {
	return func(o *options) { o.send = send }
}

// When sets which failures are sent. Default: all of [Do]; those of [Handler] whose [Status] is not 4xx, which is the
// request's fault.
func When(when func(r *http.Request, err error) bool) Option {
	return func(o *options) { o.when = when }
}

// WithoutFields names more secrets: [Handler] hides the values of these query parameters, and [Do] leaves out these
// headers and query parameters, in any case.
func WithoutFields(names ...string) Option {
	return func(o *options) { o.secrets = append(o.secrets, names...) }
}

// WithLogger sets the logger for failures that the DLQ does not have, for [Handler] only. Default: slog.Default.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

func newOptions(given []Option) *options {
	o := &options{}
	for _, option := range given {
		if option != nil {
			option(o)
		}
	}
	return o
}

func (o *options) log() *slog.Logger {
	if o.logger != nil {
		return o.logger
	}
	return slog.Default()
}

func (o *options) sendOptions(r *http.Request, of []dlq.SendOption) []dlq.SendOption {
	if o.send == nil {
		return of
	}
	return append(of, o.send(r)...)
}
