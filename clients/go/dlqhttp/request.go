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
	"strings"
	"time"

	"github.com/dlq-service/dlq/clients/go"
)

// ErrKept says of a request that failed that it is in the DLQ, and is made again.
var ErrKept = errors.New("dlqhttp: the request failed, and is kept")

// KeptRequest is what is kept of a request: without the headers that carry credentials by standard, but with its URL
// and all other headers. Clients of other languages keep the same.
type KeptRequest struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body,omitempty"`
}

// secretHeaders are not stored.
var secretHeaders = map[string]bool{"authorization": true, "cookie": true, "proxy-authorization": true}

// ResponseError is an answer that is no success. The DLQ reads from it when, and whether, to try again.
type ResponseError struct {
	Host   string
	Status int
	Header http.Header
}

func (e *ResponseError) Error() string { return fmt.Sprintf("%s answered %d", e.Host, e.Status) }

// StatusCode is the answer's.
func (e *ResponseError) StatusCode() int { return e.Status }

// NonRetryable says that the request itself is wrong.
func (e *ResponseError) NonRetryable() bool {
	switch e.Status {
	case 401, 403, 408, 409, 423, 425, 429: // a later try can change these
		return false
	default:
		return e.Status >= 400 && e.Status < 500
	}
}

// RetryAfter is what the answer says, else negative.
func (e *ResponseError) RetryAfter() time.Duration {
	header := e.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, time.Until(at))
	}
	return -1
}

// Do makes a request, such as of a webhook, by client. One that has no answer, or one that is no success, goes to
// the queue: the error is then [ErrKept], with the failure. Headers that hold secrets are not stored:
// give them to [Redo].
func Do(
	client *http.Client, s dlq.Sender, queue string, r *http.Request, opts ...dlq.SendOption,
) (*http.Response, error) {
	kept, err := keptFrom(r)
	if err != nil {
		return nil, err
	}
	response, cause := answerTo(client, r)
	if cause == nil {
		return response, nil
	}
	options := append(headerOptions(r.Header), opts...)
	result, err := s.Send(r.Context(), queue, kept, cause, options...)
	if err != nil || !result.Kept() {
		return nil, cause
	}
	return nil, fmt.Errorf("%w: %w", ErrKept, cause)
}

// Redo is a worker's handler for what [Do] has sent: it makes the request again. Headers are added, such as the
// credentials that were not stored.
func Redo(client *http.Client, headers func(KeptRequest) http.Header) dlq.Handler {
	return func(ctx context.Context, d *dlq.Delivery) error {
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
		if headers != nil {
			for name, values := range headers(kept) {
				r.Header[http.CanonicalHeaderKey(name)] = values
			}
		}
		response, err := answerTo(client, r)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
}

func answerTo(client *http.Client, r *http.Request) (*http.Response, error) {
	response, err := client.Do(r)
	if err != nil {
		var whole *url.Error
		if errors.As(err, &whole) {
			whole.URL = r.URL.Host // all of it may hold secrets
		}
		return nil, err
	}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return response, nil
	}
	_ = response.Body.Close()
	return nil, &ResponseError{Host: r.URL.Host, Status: response.StatusCode, Header: response.Header}
}

func keptFrom(r *http.Request) (KeptRequest, error) {
	kept := KeptRequest{URL: r.URL.String(), Method: r.Method, Headers: map[string]string{}}
	if kept.Method == "" {
		kept.Method = http.MethodGet
	}
	for name, values := range r.Header {
		if lower := strings.ToLower(name); !secretHeaders[lower] {
			kept.Headers[lower] = strings.Join(values, ", ")
		}
	}
	if r.Body == nil || r.Body == http.NoBody {
		return kept, nil
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	kept.Body = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return kept, err
}
