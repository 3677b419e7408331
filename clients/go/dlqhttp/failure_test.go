package dlqhttp_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dlq-service/dlq/clients/go/dlqhttp"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

type order struct {
	ID int `json:"id"`
}

func decode(_ http.ResponseWriter, r *http.Request) error {
	if err := json.NewDecoder(r.Body).Decode(&order{}); err != nil {
		return fmt.Errorf("order: %w", err)
	}
	return nil
}

func unmarshal(_ http.ResponseWriter, r *http.Request) error {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, &order{})
}

// callOther fails on the JSON of another server.
func callOther(http.ResponseWriter, *http.Request) error {
	return json.Unmarshal([]byte("<html>"), &order{})
}

func limited(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 2)
	return decode(w, r)
}

func cutByOther(http.ResponseWriter, *http.Request) error { return io.ErrUnexpectedEOF }

func notFoundByOther(http.ResponseWriter, *http.Request) error {
	return &dlqhttp.ResponseError{Host: "bank.example", Status: http.StatusNotFound}
}

func TestMistakeOfCallerIsAnsweredAndNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(http.ResponseWriter, *http.Request) error
		body    string
		status  int
	}{
		"wrong syntax, decoded":     {decode, `{"id": x}`, 400},
		"wrong syntax, unmarshaled": {unmarshal, `{"id": x}`, 400},
		"ends too early":            {decode, `{"id": 1`, 400},
		"ends too early as a whole": {unmarshal, `{"id": 1`, 400},
		"too large":                 {limited, `{"id": 1}`, 413},
		"JSON of another server":    {callOther, `{"id": 1}`, 202},
		"and the body is XML":       {callOther, `<order/>`, 202},
		"another server was cut":    {cutByOther, `{"id": 1}`, 202},
		"and the body is a form":    {cutByOther, `id=1`, 202},
		"404 of another server":     {notFoundByOther, `{"id": 1}`, 202},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			var log bytes.Buffer
			handler := dlqhttp.Handler(fake.Client(), "orders", c.handler, dlqhttp.WithLogger(logTo(&log)))
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
			wantSent := 0
			if c.status == 202 {
				wantSent = 1
			}
			if sent := fake.Messages("orders"); answer.Code != c.status || len(sent) != wantSent || log.Len() > 0 {
				t.Errorf("answered %d, sent %v, logged %s", answer.Code, sent, log.String())
			}
		})
	}
}

func logTo(log *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(log, nil)) }

// A part of a body must not look like the whole, neither for the handler nor in the DLQ.
func TestCutUploadFails(t *testing.T) {
	for name, ignoresError := range map[string]bool{"reported": false, "ignored": true} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			var log bytes.Buffer
			read := make(chan error, 1)
			server := httptest.NewServer(dlqhttp.Handler(fake.Client(), "orders", func(_ http.ResponseWriter, r *http.Request) error {
				data, err := io.ReadAll(r.Body)
				if string(data) != "half an order" {
					t.Errorf("read %q", data)
				}
				read <- err
				if ignoresError {
					return errors.New("no bank")
				}
				return fmt.Errorf("order: %w", err)
			}, dlqhttp.WithLogger(logTo(&log))))
			defer server.Close()
			status := statusOfCutUpload(t, server.Listener.Addr().String())
			if err := <-read; !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the handler read %v", err)
			}
			want := http.StatusBadRequest
			if ignoresError {
				want = http.StatusInternalServerError
			}
			if sent := fake.Messages("orders"); status != want || len(sent) != 0 || (log.Len() > 0) != ignoresError {
				t.Errorf("answered %d, sent %v, logged %s", status, sent, log.String())
			}
		})
	}
}

func statusOfCutUpload(t *testing.T, address string) int {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf an order"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

func TestFailureWithoutBodyIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(http.ResponseWriter, *http.Request) error
		logged  []string
	}{
		"an error": {func(http.ResponseWriter, *http.Request) error { return errors.New("no bank") }, []string{"no bank"}},
		"a panic":  {func(http.ResponseWriter, *http.Request) error { panic("oh") }, []string{"panic: oh", "TestFailureWithoutBody"}},
		"a panic with an error": {func(http.ResponseWriter, *http.Request) error {
			panic(dlqhttp.Status(http.StatusNotFound, errors.New("no order")))
		}, []string{"panic: no order"}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			handler := dlqhttp.Handler(dlqtest.NewFake(t).Client(), "orders", c.handler, dlqhttp.WithLogger(logTo(&log)))
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/orders/42?token=secret", nil))
			if answer.Code != http.StatusInternalServerError || strings.Contains(log.String(), "secret") {
				t.Errorf("answered %d, logged %s", answer.Code, log.String())
			}
			for _, want := range append(c.logged, "level=ERROR", "GET /orders/42 failed, and the DLQ does not have the request") {
				if !strings.Contains(log.String(), want) {
					t.Errorf("%q is missing in %s", want, log.String())
				}
			}
		})
	}
}

func TestBegunAnswerIsAborted(t *testing.T) {
	for name, begin := range map[string]func(http.ResponseWriter){
		"flushed":   func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"by header": func(w http.ResponseWriter) { w.WriteHeader(http.StatusCreated) },
		"by body":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, "part") },
		"controlled": func(w http.ResponseWriter) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			server := httptest.NewServer(dlqhttp.Handler(fake.Client(), "orders", func(w http.ResponseWriter, _ *http.Request) error {
				begin(w)
				return errors.New("no bank")
			}))
			defer server.Close()
			response, err := http.Post(server.URL, "text/plain", strings.NewReader("order"))
			if err == nil {
				_, err = io.ReadAll(response.Body)
				_ = response.Body.Close()
			}
			if err == nil || len(fake.Messages("orders")) != 1 {
				t.Errorf("got %v, sent %v", err, fake.Messages("orders"))
			}
		})
	}
}

func TestBegunAnswerOfFailureStays(t *testing.T) {
	fake := dlqtest.NewFake(t)
	answer := httptest.NewRecorder()
	dlqhttp.Handler(fake.Client(), "orders", func(w http.ResponseWriter, _ *http.Request) error {
		http.Error(w, "the bank is closed", http.StatusBadGateway)
		return errors.New("no bank")
	}).ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	if answer.Code != http.StatusBadGateway || answer.Body.String() != "the bank is closed\n" || len(fake.Messages("orders")) != 1 {
		t.Errorf("answered %d, %s", answer.Code, answer.Body)
	}
}

// Otherwise the rest that an outer handler has left would be stored as if it were the whole body.
func TestBodyThatOuterHandlerHasReadIsNotSent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	inner := dlqhttp.Handler(fake.Client(), "orders", func(http.ResponseWriter, *http.Request) error { return errors.New("no bank") },
		dlqhttp.WithLogger(slog.New(slog.DiscardHandler)))
	outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 3)
		inner.ServeHTTP(w, r)
	})
	answer := httptest.NewRecorder()
	outer.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("order-42")))
	if answer.Code != http.StatusInternalServerError || len(fake.Messages("orders")) != 0 {
		t.Errorf("answered %d, sent %v", answer.Code, fake.Messages("orders"))
	}
}
