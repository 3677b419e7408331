// Package dlqhttp sends failed HTTP requests to the DLQ: of servers ([Handler]) and of clients ([Do]).
package dlqhttp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/internal/setup"
)

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
// the message could not be kept, if [When] excludes it, or if the body is empty, cut, or longer than 3 MiB. Such
// failures of 500 or more are logged. An answer of 2xx or 3xx that has begun is aborted.
//
// Errors that the caller made get 4xx: an [http.MaxBytesError], a body that was cut, and JSON whose syntax is wrong.
//
// The headers Idempotency-Key and traceparent become source id and trace context. Method, path, query and content
// encoding become the attributes http.method, http.path, http.query and http.content_encoding. In the query the values
// of parameters such as token are hidden; see [WithoutFields].
//
// Handler panics if the client or fn is nil, or the queue empty.
func Handler(
	s dlq.Sender, queue string, fn func(w http.ResponseWriter, r *http.Request) error, opts ...Option,
) http.Handler {
	setup.Check("dlqhttp.Handler", s, queue)
	if fn == nil {
		panic("dlq: the function of dlqhttp.Handler is nil")
	}
	o := newOptions(opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bufferBody(r)
		answer := &answerWriter{ResponseWriter: w}
		err := catchPanic(func() error { return fn(answer, r) })
		if err == nil {
			return
		}
		err = body.asBadRequest(err)
		status := statusOf(err)
		var sent *dlq.Result
		if body.isWhole() && len(body.data) > 0 {
			sent = o.sendRequest(s, queue, r, body.data, err)
		}
		if sent == nil && status >= http.StatusInternalServerError {
			o.logLost(r, status, err)
		}
		switch {
		case answer.isSuccess():
			panic(http.ErrAbortHandler) // otherwise the caller takes a part for the whole
		case answer.status == 0:
			answer.fail(sent, status)
		}
	})
}

// logLost logs a failure that the DLQ does not have.
func (o *options) logLost(r *http.Request, status int, err error) {
	attrs := []any{"method", r.Method, "path", r.URL.Path, "status", status}
	var panicked *dlq.PanicError
	if errors.As(err, &panicked) {
		attrs = append(attrs, "stack", panicked.Stack())
	}
	o.log().Error(fmt.Sprintf("dlq: %s %s failed, and the DLQ does not have the request: %v", r.Method, r.URL.Path, err), attrs...)
}

// sendRequest returns nil if the message is not kept, also if an option panics.
func (o *options) sendRequest(
	s dlq.Sender, queue string, r *http.Request, body []byte, cause error,
) (sent *dlq.Result) {
	defer func() {
		if value := recover(); value != nil {
			o.log().Error("dlq: an option of dlqhttp panicked; the failed request is not sent",
				"panic", value, "stack", string(debug.Stack()))
			sent = nil
		}
	}()
	isSent := statusOf(cause) >= http.StatusInternalServerError
	if o.when != nil {
		isSent = o.when(r, cause)
	}
	if !isSent {
		return nil
	}
	options := append(headerOptions(r.Header), dlq.WithAttributes(o.attributesOf(r)))
	if contentType := r.Header.Get("Content-Type"); isWithinLimit(contentType) {
		options = append(options, dlq.WithContentType(contentType))
	}
	payload := any(body)
	if o.payload != nil {
		payload = o.payload(r, body)
	}
	// The caller's context may have ended.
	ctx := context.WithoutCancel(r.Context())
	result, err := s.Send(ctx, queue, payload, cause, o.sendOptions(r, options)...)
	if err != nil || !result.Kept() {
		return nil
	}
	return &result
}

func statusOf(err error) int {
	var panicked *dlq.PanicError
	var tooLarge *http.MaxBytesError
	var found interface{ StatusCode() int }
	switch {
	case errors.As(err, &panicked): // a fault of the program, whatever the value is
	case errors.As(err, &found):
		// The answer of another server says nothing about this request.
		if _, isOther := found.(*ResponseError); !isOther && found.StatusCode() >= 400 && found.StatusCode() <= 599 {
			return found.StatusCode()
		}
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
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

// fail answers a failed request: with 202 if it was sent, otherwise with the status.
func (w *answerWriter) fail(sent *dlq.Result, status int) {
	for _, name := range bodyHeaders {
		w.Header().Del(name)
	}
	if sent == nil {
		http.Error(w, cmp.Or(http.StatusText(status), "failed"), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(struct {
		Status dlq.Status `json:"status"`
		ID     string     `json:"id,omitempty"`
	}{sent.Status, sent.ID})
}

// bodyHeaders describe a body that the handler did not write because it failed.
var bodyHeaders = []string{"Content-Length", "Content-Encoding", "Content-Range", "Etag", "Last-Modified", "Cache-Control"}
