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

const (
	// mostKeptBody: longer ones are longer than any payload, once they are base64.
	mostKeptBody = mostPayload / 4 * 3
	// mostDiscarded: a new connection costs less than to read more.
	mostDiscarded = 64 << 10
)

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

// mostRetryAfter is what the DLQ waits; more seconds may be more than a Duration has room for.
const mostRetryAfter = 30 * 24 * time.Hour

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
	if seconds, err := strconv.ParseUint(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(mostRetryAfter/time.Second))) * time.Second //nolint:gosec // bounded
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, time.Until(at))
	}
	return -1
}

// Do makes a request, such as of a webhook, by client. One that has no answer, or one that is no success, goes to
// the queue: the error is then [ErrKept], with the failure; else the failure alone, as of a request whose body is too
// long: by default the service takes 1 MiB, of which base64 and headers leave a body about 750 KiB. Headers that hold secrets are not stored:
// give them to [Redo].
func Do(
	client *http.Client, s dlq.Sender, queue string, r *http.Request, opts ...dlq.SendOption,
) (*http.Response, error) {
	kept, isWhole, err := keptFrom(r)
	if err != nil {
		return nil, err
	}
	response, cause := answerTo(client, r)
	if cause == nil {
		return response, nil
	}
	if !isWhole {
		return nil, cause
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
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host // of the header net/http takes no notice
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
		discard(response.Body)
		return nil // it was a success, whatever becomes of its body
	}
}

// discard reads a body to its end where that is near, so that the connection can be used again.
func discard(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, mostDiscarded)
	_ = body.Close()
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
	discard(response.Body)
	return nil, &ResponseError{Host: r.URL.Host, Status: response.StatusCode, Header: response.Header}
}

// keptFrom reads the body, and has it read again by the request. One that is too long to be kept is not whole.
func keptFrom(r *http.Request) (kept KeptRequest, isWhole bool, err error) {
	kept = KeptRequest{URL: r.URL.String(), Method: r.Method, Headers: map[string]string{}}
	if kept.Method == "" {
		kept.Method = http.MethodGet
	}
	for name, values := range r.Header {
		if lower := strings.ToLower(name); !secretHeaders[lower] {
			kept.Headers[lower] = strings.Join(values, ", ")
		}
	}
	if r.Host != "" && r.Host != r.URL.Host {
		kept.Headers["host"] = r.Host
	}
	if r.Body == nil || r.Body == http.NoBody {
		return kept, true, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, mostKeptBody+1))
	if err == nil && len(body) > mostKeptBody {
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
