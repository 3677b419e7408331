package dlqhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqhttp"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func TestFailedRequestIsSent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	handler := dlqhttp.Handler(fake.Client(), "orders", func(_ http.ResponseWriter, r *http.Request) error {
		if body, _ := io.ReadAll(r.Body); string(body) != `{"order": 42}` {
			t.Errorf("the handler read %q", body)
		}
		return errors.New("no bank")
	}, dlqhttp.WithoutFields("Signed"))
	request := httptest.NewRequest(http.MethodPost, "/orders?secret=1&shop=7&signed=2&b", strings.NewReader(`{"order": 42}`))
	request.Header.Set("Idempotency-Key", "order-42")
	request.Header.Set("Content-Encoding", "gzip")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Code != http.StatusAccepted || !strings.Contains(answer.Body.String(), `"status":"sent"`) {
		t.Errorf("answered %d, %s", answer.Code, answer.Body)
	}
	message := fake.Messages("orders")[0]
	if message.GetSourceId() != "order-42" || string(message.GetPayload().GetData()) != `{"order": 42}` ||
		message.GetAttributes()["http.path"] != "/orders" || message.GetAttributes()["http.query"] != "secret=[hidden]&shop=7&signed=[hidden]&b" ||
		message.GetAttributes()["http.content_encoding"] != "gzip" || message.GetFailure().GetMessage() != "no bank" {
		t.Errorf("got %v", message)
	}
}

func TestFaultOfRequestIsNotSent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	handler := dlqhttp.Handler(fake.Client(), "orders", func(http.ResponseWriter, *http.Request) error {
		return dlqhttp.Status(http.StatusUnprocessableEntity, errors.New("no such order"))
	})
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	if answer.Code != http.StatusUnprocessableEntity || len(fake.Messages("orders")) != 0 {
		t.Errorf("answered %d", answer.Code)
	}
}

func TestPanickingHandlerFails(t *testing.T) {
	fake := dlqtest.NewFake(t)
	handler := dlqhttp.Handler(fake.Client(), "orders", func(http.ResponseWriter, *http.Request) error { panic("oh") })
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	if answer.Code != http.StatusAccepted || len(fake.Messages("orders")) != 1 {
		t.Fatalf("answered %d", answer.Code)
	}
	failure := fake.Messages("orders")[0].GetFailure()
	if failure.GetMessage() != "panic: oh" || !strings.Contains(failure.GetStackTrace(), "TestPanickingHandler") {
		t.Errorf("got %v", failure)
	}
}

func TestOutgoingRequestIsMadeAgain(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	var calls atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "{}" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("got %q with %v", body, r.Header)
		}
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer shop.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, shop.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer secret")
	if _, err := dlqhttp.Do(shop.Client(), client, "webhooks", request); !errors.Is(err, dlqhttp.ErrKept) {
		t.Fatal(err)
	}
	message := fake.Messages("webhooks")[0]
	if strings.Contains(message.GetPayload().GetText(), "secret") || message.GetFailure().GetHttpStatus() != 503 {
		t.Errorf("got %v", message)
	}
	worker := client.Worker([]string{"webhooks"})
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(context.Background(), dlqhttp.Redo(shop.Client(), func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer secret")
		}))
	}()
	fake.WaitFor("webhooks", dlq.StateSucceeded)
	if err := worker.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil || calls.Load() != 2 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestBodyHeadersOfFailedHandlerAreRemoved(t *testing.T) {
	fake := dlqtest.NewFake(t)
	server := httptest.NewServer(dlqhttp.Handler(fake.Client(), "orders", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Etag", `"1"`)
		w.Header().Set("X-Request-Id", "17")
		return errors.New("no bank")
	}))
	defer server.Close()
	response, err := http.Post(server.URL, "text/plain", strings.NewReader("order"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `"status":"sent"`) {
		t.Errorf("got %q, %v", body, err)
	}
	if response.Header.Get("Etag") != "" || response.Header.Get("X-Request-Id") != "17" {
		t.Errorf("got %v", response.Header)
	}
}

func TestPanickingOptionDoesNotAffectAnswer(t *testing.T) {
	for name, option := range map[string]dlqhttp.Option{
		"payload": dlqhttp.WithPayload(func(*http.Request, []byte) any { panic("payload") }),
		"send":    dlqhttp.WithSendOptions(func(*http.Request) []dlq.SendOption { panic("send") }),
		"when":    dlqhttp.When(func(*http.Request, error) bool { panic("when") }),
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			fake := dlqtest.NewFake(t)
			handler := dlqhttp.Handler(fake.Client(), "orders", func(http.ResponseWriter, *http.Request) error {
				return dlqhttp.Status(http.StatusBadGateway, errors.New("no bank"))
			}, option, dlqhttp.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
			if answer.Code != http.StatusBadGateway || !strings.Contains(log.String(), name) {
				t.Errorf("answered %d, logged %q", answer.Code, log.String())
			}
		})
	}
}

// anySize accepts payloads that the service accepts with a larger payload_max only.
type anySize struct{}

func (anySize) Send(context.Context, string, any, error, ...dlq.SendOption) (dlq.Result, error) {
	return dlq.Result{Status: dlq.StatusSent}, nil
}

func TestBodyUpToPayloadLimitIsSent(t *testing.T) {
	handler := dlqhttp.Handler(anySize{}, "orders", func(http.ResponseWriter, *http.Request) error {
		return errors.New("no bank")
	})
	for length, want := range map[int]int{3 << 20: http.StatusAccepted, 3<<20 + 1: http.StatusInternalServerError} {
		answer := httptest.NewRecorder()
		body := bytes.NewReader(make([]byte, length))
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", body))
		if answer.Code != want {
			t.Errorf("%d bytes: answered %d", length, answer.Code)
		}
	}
}

// The service refuses messages with longer values, which the caller chooses.
func TestTooLongHeadersAreIgnored(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	fake := dlqtest.NewFake(t)
	handler := dlqhttp.Handler(fake.Client(), "orders", func(http.ResponseWriter, *http.Request) error { return errors.New("no bank") })
	for _, parent := range []string{parent, strings.Repeat("0", 129)} {
		request := httptest.NewRequest(http.MethodPost, "/"+strings.Repeat("ä", 4<<10), strings.NewReader("x"))
		request.Header.Set("Idempotency-Key", strings.Repeat("k", 257))
		request.Header.Set("Content-Type", strings.Repeat("\xffk", 128))
		request.Header.Set("Traceparent", parent)
		request.Header.Set("Tracestate", strings.Repeat("a=b,", 129))
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	for i, message := range fake.Messages("orders") {
		trace := message.GetTraceContext()
		if message.GetSourceId() != "" || message.GetPayload().GetContentType() != "" || trace.GetTracestate() != "" ||
			(trace.GetTraceparent() == parent) != (i == 0) || len(message.GetAttributes()["http.path"]) > 4<<10 {
			t.Errorf("got %v", message)
		}
	}
	if got := len(fake.Messages("orders")); got != 2 {
		t.Errorf("%d messages", got)
	}
}

func TestHandlerWithoutClientOrQueuePanicsAtSetUp(t *testing.T) {
	var missing *dlq.Client
	client := dlqtest.NewFake(t).Client()
	handle := func(http.ResponseWriter, *http.Request) error { return nil }
	for want, setUp := range map[string]func(){
		"dlq: the client of dlqhttp.Handler is nil":   func() { dlqhttp.Handler(missing, "orders", handle) },
		"dlq: the queue of dlqhttp.Handler is empty":  func() { dlqhttp.Handler(client, "", handle) },
		"dlq: the function of dlqhttp.Handler is nil": func() { dlqhttp.Handler(client, "orders", nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got %v instead of %s", got, want)
				}
			}()
			setUp()
		}()
	}
}
