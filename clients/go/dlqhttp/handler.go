// Package dlqhttp keeps HTTP requests that fail: those that a server was asked ([Handler]), and those that a
// client makes ([Do]).
package dlqhttp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/dlq-service/dlq/clients/go"
)

const (
	// mostPayload is what the service takes where its payload_max is as large as it may be; 1 MiB by default.
	mostPayload = 3 << 20
	// What it takes of a source id or a media type, and of an attribute. What is longer is the caller's, and must not
	// cost the message.
	mostIdentity  = 256
	mostAttribute = 4 << 10
)

// Option is an option of [Handler].
type Option func(*handlerOptions)

type handlerOptions struct {
	payload func(r *http.Request, body []byte) any
	send    func(r *http.Request) []dlq.SendOption
	when    func(r *http.Request, err error) bool
}

// WithPayload says what the message of a request is. Default: its body.
func WithPayload(payload func(r *http.Request, body []byte) any) Option {
	return func(o *handlerOptions) { o.payload = payload }
}

// WithSendOptions are options of the send of a request; they win over what its headers say.
func WithSendOptions(send func(r *http.Request) []dlq.SendOption) Option {
	return func(o *handlerOptions) { o.send = send }
}

// When says which failures are sent. Default: all but those that the request itself is to blame for, by
// [Status] 4xx.
func When(when func(r *http.Request, err error) bool) Option {
	return func(o *handlerOptions) { o.when = when }
}

// Status says with which status a request failed.
func Status(status int, err error) error { return &statusError{err, status} }

type statusError struct {
	error
	status int
}

func (e *statusError) Unwrap() error   { return e.error }
func (e *statusError) StatusCode() int { return e.status }

// Handler answers requests by fn. A request that it gives an error for, or panics on, is sent to the queue by its
// body, and its caller gets 202: he need not send it again. What could not be kept, what is the fault of
// the request, and a request without a body are answered by the status of [Status], else 500. The headers
// Idempotency-Key and traceparent become source id and trace context.
func Handler(
	s dlq.Sender, queue string, fn func(w http.ResponseWriter, r *http.Request) error, opts ...Option,
) http.Handler {
	o := handlerOptions{
		payload: func(_ *http.Request, body []byte) any { return body },
		when:    func(_ *http.Request, err error) bool { return statusOf(err) >= 500 },
	}
	for _, option := range opts {
		option(&o)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, isWhole := bufferBody(r)
		answer := &answerWriter{ResponseWriter: w}
		err := recovered(func() error { return fn(answer, r) })
		if err == nil {
			return
		}
		var kept *dlq.Result
		if isWhole && len(body) > 0 {
			kept = o.keep(s, queue, r, body, err)
		}
		if answer.hasBegun {
			return // too late for another one
		}
		for _, name := range bodyHeaders {
			w.Header().Del(name)
		}
		switch {
		case kept == nil:
			status := statusOf(err)
			http.Error(w, http.StatusText(status), status)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusAccepted)
			_ = json.NewEncoder(w).Encode(struct {
				Status dlq.Status `json:"status"`
				ID     string     `json:"id,omitempty"`
			}{kept.Status, kept.ID})
		}
	})
}

// bodyHeaders tell of a body that a handler meant to write before it failed.
var bodyHeaders = []string{"Content-Length", "Content-Encoding", "Content-Range", "Etag", "Last-Modified", "Cache-Control"}

// keep gives nil if it is not to be kept, or can't be. Options of the program's that panic cost no answer.
func (o handlerOptions) keep(
	s dlq.Sender, queue string, r *http.Request, body []byte, cause error,
) (kept *dlq.Result) {
	defer func() {
		if value := recover(); value != nil {
			slog.Error("dlq: a request could not be sent, an option of dlqhttp panicked", "panic", value, "stack", string(debug.Stack()))
			kept = nil
		}
	}()
	if !o.when(r, cause) {
		return nil
	}
	options := append(headerOptions(r.Header), dlq.WithAttributes(map[string]string{
		"http.method": r.Method, "http.path": cut(r.URL.Path, mostAttribute),
	}))
	if contentType := r.Header.Get("Content-Type"); isIdentity(contentType) {
		options = append(options, dlq.WithContentType(contentType))
	}
	if o.send != nil {
		options = append(options, o.send(r)...)
	}
	// The caller may be gone by now; that must not cost the message.
	ctx := context.WithoutCancel(r.Context())
	result, err := s.Send(ctx, queue, o.payload(r, body), cause, options...)
	if err != nil || !result.Kept() {
		return nil
	}
	return &result
}

// headerOptions are what headers say by convention.
func headerOptions(header http.Header) []dlq.SendOption {
	var options []dlq.SendOption
	if id := header.Get("Idempotency-Key"); isIdentity(id) {
		options = append(options, dlq.WithSourceID(id))
	}
	if parent := header.Get("Traceparent"); parent != "" {
		trace := dlq.TraceContext{Traceparent: parent, Tracestate: header.Get("Tracestate")}
		options = append(options, dlq.WithTraceContext(trace))
	}
	return options
}

func isIdentity(text string) bool {
	return text != "" && len(strings.ToValidUTF8(text, "\uFFFD")) <= mostIdentity
}

// cut gives text that protobuf can hold, and no more of it than that.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// bufferBody has the body read twice: by the handler, and for the message. One that is too long is not whole.
func bufferBody(r *http.Request) (body []byte, isWhole bool) {
	if r.Body == nil {
		return nil, true
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostPayload+1))
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}
	return body, err == nil && len(body) <= mostPayload
}

func statusOf(err error) int {
	var told interface{ StatusCode() int }
	if errors.As(err, &told) && told.StatusCode() >= 400 && told.StatusCode() <= 599 {
		return told.StatusCode()
	}
	return http.StatusInternalServerError
}

// recovered makes an error of a panic, but of the one by which a handler hangs up.
func recovered(fn func() error) (err error) {
	defer func() {
		switch value := recover(); value {
		case nil:
		case http.ErrAbortHandler:
			panic(value)
		default:
			err = dlq.NewPanicError(value)
		}
	}()
	return fn()
}

// answerWriter knows whether an answer has begun.
type answerWriter struct {
	http.ResponseWriter
	hasBegun bool
}

func (w *answerWriter) WriteHeader(status int) {
	w.hasBegun = w.hasBegun || status >= http.StatusOK // else it only informs
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(data []byte) (int, error) {
	w.hasBegun = true
	return w.ResponseWriter.Write(data)
}

// Flush sends what was written, and the headers.
func (w *answerWriter) Flush() { _ = w.FlushError() }

// FlushError is for http.ResponseController.
func (w *answerWriter) FlushError() error {
	w.hasBegun = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack takes the connection over, as for WebSockets.
func (w *answerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.hasBegun = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
