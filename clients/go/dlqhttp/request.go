package dlqhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dlq-service/dlq/clients/go"
)

// ErrKept means that a failed request is in the DLQ and will be made again.
var ErrKept = errors.New("dlqhttp: the request failed; the DLQ has it")

const (
	// maxKeptBody is the longest body that fits a payload as base64.
	maxKeptBody = maxPayload / 4 * 3
	// maxDiscarded is the length up to which reading a body costs less than a new connection.
	maxDiscarded = 64 << 10
	// redoTimeout ends the request of a service that hangs: it would hold its lease for ever.
	redoTimeout = 30 * time.Second
)

// KeptRequest is the payload of a request: its URL, headers and body without credentials. The clients of other
// languages use the same format.
type KeptRequest struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body,omitempty"`
}

// maxRetryAfter is the DLQ's limit. It also avoids an overflow of Duration.
const maxRetryAfter = 30 * 24 * time.Hour

// ResponseError is an answer with a status other than 2xx. It decides whether and when the request is made again.
type ResponseError struct {
	Host   string
	Status int
	Header http.Header
}

func (e *ResponseError) Error() string { return fmt.Sprintf("%s answered %d", e.Host, e.Status) }

// StatusCode returns the status of the answer.
func (e *ResponseError) StatusCode() int { return e.Status }

// NonRetryable reports whether the request itself is wrong.
func (e *ResponseError) NonRetryable() bool {
	switch e.Status {
	case 401, 403, 408, 409, 423, 425, 429: // a later try can change these
		return false
	default:
		return e.Status >= 400 && e.Status < 500
	}
}

// RetryAfter returns the delay of the header Retry-After, or a negative value without one.
func (e *ResponseError) RetryAfter() time.Duration {
	header := e.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second //nolint:gosec // bounded
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, time.Until(at))
	}
	return -1
}

// Do makes a request, such as a webhook. If it gets no answer, or one other than 2xx, Do sends it to the queue and
// returns [ErrKept], which also wraps the failure. If the DLQ can't keep the request, Do returns the failure alone.
//
// A request whose context the program has cancelled is not sent. One that ran into its deadline is.
//
// By default the service accepts payloads of 1 MiB, so a body may have about 750 KiB because of base64. User and
// password of the URL, the headers Authorization, Proxy-Authorization, Cookie and X-Api-Key, and those of [WithoutFields] are not
// stored: add them in [Redo].
func Do(
	client *http.Client, s dlq.Sender, queue string, r *http.Request, opts ...Option,
) (*http.Response, error) {
	o := newOptions(opts)
	kept, isWhole, err := o.readRequest(r)
	if err != nil {
		return nil, err
	}
	response, cause := do(client, r)
	if cause == nil {
		return response, nil
	}
	if !isWhole || isCancelled(r.Context(), cause) || o.when != nil && !o.when(r, cause) {
		return nil, cause
	}
	result, err := s.Send(r.Context(), queue, kept, cause, o.sendOptions(r, headerOptions(r.Header))...)
	if err != nil || !result.Kept() {
		return nil, cause
	}
	return nil, fmt.Errorf("%w: %w", ErrKept, cause)
}

// isCancelled reports whether a request failed because the program cancelled its context.
func isCancelled(ctx context.Context, cause error) bool {
	isEnd := errors.Is(cause, context.Canceled) || errors.Is(cause, context.Cause(ctx))
	return errors.Is(ctx.Err(), context.Canceled) && isEnd
}

// Redo returns a worker's handler that makes the requests of [Do] again. If prepare is not nil, it adds what is not
// stored to a request, such as credentials. A request takes at most 30 s, unless its context has a deadline, for
// instance by a middleware, or the client a Timeout.
func Redo(client *http.Client, prepare func(r *http.Request)) dlq.Handler {
	return func(ctx context.Context, d *dlq.Delivery) error {
		if _, hasDeadline := ctx.Deadline(); !hasDeadline && client.Timeout == 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, redoTimeout)
			defer cancel()
		}
		var kept KeptRequest
		if err := d.Payload.JSON(&kept); err != nil {
			return dlq.NonRetryable(err)
		}
		r, err := http.NewRequestWithContext(ctx, kept.Method, kept.URL, bytes.NewReader(kept.Body))
		if err != nil {
			return dlq.NonRetryable(err)
		}
		for name, value := range kept.Headers {
			r.Header.Set(name, value)
		}
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host // net/http ignores the header
		}
		if prepare != nil {
			prepare(r)
		}
		response, err := do(client, r)
		if err != nil {
			return err
		}
		discard(response.Body)
		return nil
	}
}

// discard reads the rest of a short body, so that the connection can be reused.
func discard(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, maxDiscarded)
	_ = body.Close()
}

// do returns an error also for an answer other than 2xx.
func do(client *http.Client, r *http.Request) (*http.Response, error) {
	response, err := client.Do(r)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			urlErr.URL = r.URL.Host // the path and query may contain secrets
		}
		return nil, err
	}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return response, nil
	}
	discard(response.Body)
	return nil, &ResponseError{Host: r.URL.Host, Status: response.StatusCode, Header: response.Header}
}

// readRequest reads the body and lets the request read it again. isWhole is false if the body is too long.
func (o *options) readRequest(r *http.Request) (kept KeptRequest, isWhole bool, err error) {
	kept = KeptRequest{URL: o.storedURL(r.URL), Method: r.Method, Headers: o.storedHeaders(r.Header)}
	if kept.Method == "" {
		kept.Method = http.MethodGet
	}
	if r.Host != "" && r.Host != r.URL.Host {
		kept.Headers["host"] = r.Host
	}
	if r.Body == nil || r.Body == http.NoBody {
		return kept, true, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxKeptBody+1))
	if err == nil && len(body) > maxKeptBody {
		rest := r.Body
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), rest), rest}
		return kept, false, nil
	}
	_ = r.Body.Close()
	kept.Body = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return kept, true, err
}
