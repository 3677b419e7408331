// Package dlqhttp sends failed HTTP requests to the DLQ: of servers ([Handler]) and of clients ([Do]).
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
	// maxPayload is the service's largest possible payload_max. Its default is 1 MiB.
	maxPayload = 3 << 20
	// The service's limits for a source id or a content type, and for an attribute. A longer header of the caller is
	// ignored, so that the message is not refused.
	maxHeader    = 256
	maxAttribute = 4 << 10
)

// Option is an option of [Handler].
type Option func(*handlerOptions)

type handlerOptions struct {
	payload func(r *http.Request, body []byte) any
	send    func(r *http.Request) []dlq.SendOption
	when    func(r *http.Request, err error) bool
}

// WithPayload sets the payload of a request's message. Default: the body.
func WithPayload(payload func(r *http.Request, body []byte) any) Option {
	return func(o *handlerOptions) { o.payload = payload }
}

// WithSendOptions sets options of a request's send. They override its headers.
func WithSendOptions(send func(r *http.Request) []dlq.SendOption) Option {
	return func(o *handlerOptions) { o.send = send }
}

// When sets which failures are sent. Default: all but those with a [Status] of 4xx, which are the request's fault.
func When(when func(r *http.Request, err error) bool) Option {
	return func(o *handlerOptions) { o.when = when }
}

// Status returns an error that sets the HTTP status of the answer.
func Status(status int, err error) error { return &statusError{err, status} }

type statusError struct {
	error
	status int
}

func (e *statusError) Unwrap() error   { return e.error }
func (e *statusError) StatusCode() int { return e.status }

// Handler returns a handler that calls fn. If fn returns an error or panics, the request's body is sent to the
// queue, and the caller gets 202: it need not repeat the request. The answer is the status of [Status], or 500, if
// the message could not be kept, if [When] excludes it, or if the body is empty or longer than 3 MiB. The headers
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
		err := catchPanic(func() error { return fn(answer, r) })
		if err == nil {
			return
		}
		var sent *dlq.Result
		if isWhole && len(body) > 0 {
			sent = o.sendRequest(s, queue, r, body, err)
		}
		if answer.hasBegun {
			return
		}
		for _, name := range bodyHeaders {
			w.Header().Del(name)
		}
		if sent == nil {
			status := statusOf(err)
			http.Error(w, http.StatusText(status), status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(struct {
			Status dlq.Status `json:"status"`
			ID     string     `json:"id,omitempty"`
		}{sent.Status, sent.ID})
	})
}

// bodyHeaders describe a body that the handler did not write because it failed.
var bodyHeaders = []string{"Content-Length", "Content-Encoding", "Content-Range", "Etag", "Last-Modified", "Cache-Control"}

// sendRequest returns nil if the message is not kept, also if an option panics.
func (o handlerOptions) sendRequest(
	s dlq.Sender, queue string, r *http.Request, body []byte, cause error,
) (sent *dlq.Result) {
	defer func() {
		if value := recover(); value != nil {
			slog.Error("dlq: an option of dlqhttp panicked; the failed request is not sent",
				"panic", value, "stack", string(debug.Stack()))
			sent = nil
		}
	}()
	if !o.when(r, cause) {
		return nil
	}
	options := append(headerOptions(r.Header), dlq.WithAttributes(map[string]string{
		"http.method": r.Method, "http.path": cut(r.URL.Path, maxAttribute),
	}))
	if contentType := r.Header.Get("Content-Type"); isWithinLimit(contentType) {
		options = append(options, dlq.WithContentType(contentType))
	}
	if o.send != nil {
		options = append(options, o.send(r)...)
	}
	// The caller's context may have ended.
	ctx := context.WithoutCancel(r.Context())
	result, err := s.Send(ctx, queue, o.payload(r, body), cause, options...)
	if err != nil || !result.Kept() {
		return nil
	}
	return &result
}

// headerOptions returns the options of standard headers.
func headerOptions(header http.Header) []dlq.SendOption {
	var options []dlq.SendOption
	if id := header.Get("Idempotency-Key"); isWithinLimit(id) {
		options = append(options, dlq.WithSourceID(id))
	}
	if parent := header.Get("Traceparent"); parent != "" {
		trace := dlq.TraceContext{Traceparent: parent, Tracestate: header.Get("Tracestate")}
		options = append(options, dlq.WithTraceContext(trace))
	}
	return options
}

// isWithinLimit reports whether a header is set and not too long.
func isWithinLimit(text string) bool {
	return text != "" && len(strings.ToValidUTF8(text, "\uFFFD")) <= maxHeader
}

// cut returns valid UTF-8 of at most limit bytes.
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// bufferBody reads the body and lets the handler read it again. isWhole is false if it is too long.
func bufferBody(r *http.Request) (body []byte, isWhole bool) {
	if r.Body == nil {
		return nil, true
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), rest}
	return body, err == nil && len(body) <= maxPayload
}

func statusOf(err error) int {
	var found interface{ StatusCode() int }
	if errors.As(err, &found) && found.StatusCode() >= 400 && found.StatusCode() <= 599 {
		return found.StatusCode()
	}
	return http.StatusInternalServerError
}

// catchPanic returns a panic of fn as an error, except http.ErrAbortHandler, which closes the connection.
func catchPanic(fn func() error) (err error) {
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

// answerWriter records whether the handler has begun its answer.
type answerWriter struct {
	http.ResponseWriter
	hasBegun bool
}

func (w *answerWriter) WriteHeader(status int) {
	w.hasBegun = w.hasBegun || status >= http.StatusOK // 1xx is informational
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(data []byte) (int, error) {
	w.hasBegun = true
	return w.ResponseWriter.Write(data)
}

// Flush implements [http.Flusher].
func (w *answerWriter) Flush() { _ = w.FlushError() }

// FlushError is used by [http.ResponseController].
func (w *answerWriter) FlushError() error {
	w.hasBegun = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack implements [http.Hijacker].
func (w *answerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.hasBegun = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is used by [http.ResponseController].
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
