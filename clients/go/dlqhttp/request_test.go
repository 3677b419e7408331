package dlqhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqhttp"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func TestTooLongBodyIsNotHeldInMemory(t *testing.T) {
	const length = 64 << 20
	fake := dlqtest.NewFake(t)
	client := fake.Client(dlq.WithOnDropped(func(*dlq.Error, string) {}))
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); n != length || err != nil {
			t.Errorf("got %d bytes, %v", n, err)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer shop.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, shop.URL, io.LimitReader(endless{}, length))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = dlqhttp.Do(shop.Client(), client, "webhooks", request)
	runtime.ReadMemStats(&after)
	var failure *dlqhttp.ResponseError
	if !errors.As(err, &failure) || errors.Is(err, dlqhttp.ErrKept) {
		t.Errorf("got %v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > length/2 {
		t.Errorf("took %d bytes of memory", took)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestRedoReusesConnection(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	connections := make(chan struct{}, 10)
	shop := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("words "), 2_000))
	}))
	shop.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections <- struct{}{}
		}
	}
	shop.Start()
	defer shop.Close()
	redo := dlqhttp.Redo(shop.Client(), nil)
	for range 3 {
		payload := dlqhttp.KeptRequest{URL: shop.URL, Method: http.MethodPost}
		if _, err := client.Send(t.Context(), "webhooks", payload, nil); err != nil {
			t.Fatal(err)
		}
	}
	worker := client.Worker([]string{"webhooks"}, dlq.WithConcurrency(1))
	done := make(chan error, 1)
	go func() { done <- worker.Run(context.Background(), redo) }()
	fake.WaitFor("webhooks", dlq.StateSucceeded)
	if err := errors.Join(worker.Shutdown(t.Context()), <-done); err != nil {
		t.Error(err)
	}
	if len(connections) != 1 {
		t.Errorf("%d connections", len(connections))
	}
}

func TestRetryAfterIsLimited(t *testing.T) {
	const month = 30 * 24 * time.Hour
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "-1": -1, "soon": -1, "": -1,
		"9300000000": month, "99999999999999999999": month, // more seconds than a Duration can hold
	} {
		err := &dlqhttp.ResponseError{Header: http.Header{"Retry-After": {header}}}
		if got := err.RetryAfter(); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
}

func TestRedoKeepsHostOfRequest(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	hosts := make(chan string, 2)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hosts <- r.Host; len(hosts) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer shop.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, shop.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "shop.example"
	if _, err := dlqhttp.Do(shop.Client(), client, "webhooks", request); !errors.Is(err, dlqhttp.ErrKept) {
		t.Fatal(err)
	}
	worker := client.Worker([]string{"webhooks"})
	done := make(chan error, 1)
	go func() { done <- worker.Run(context.Background(), dlqhttp.Redo(shop.Client(), nil)) }()
	fake.WaitFor("webhooks", dlq.StateSucceeded)
	if err := errors.Join(worker.Shutdown(t.Context()), <-done); err != nil {
		t.Error(err)
	}
	for range 2 {
		if host := <-hosts; host != "shop.example" {
			t.Errorf("requested host %s", host)
		}
	}
}

func TestRedoEndsRequestWithoutLimitAfter30Seconds(t *testing.T) {
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer shop.Close()
	limited := *shop.Client()
	limited.Timeout = time.Hour
	anHour := func(next dlq.Handler) dlq.Handler {
		return func(ctx context.Context, d *dlq.Delivery) error {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			return next(ctx, d)
		}
	}
	for name, c := range map[string]struct {
		client  *http.Client
		options []dlq.WorkerOption
		want    time.Duration // 0: no deadline of the context
	}{
		"no limit":       {shop.Client(), nil, 30 * time.Second},
		"of the context": {shop.Client(), []dlq.WorkerOption{dlq.WithMiddleware(anHour)}, time.Hour},
		"of the client":  {&limited, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client()
			if _, err := client.Send(t.Context(), "webhooks", dlqhttp.KeptRequest{URL: shop.URL}, nil); err != nil {
				t.Fatal(err)
			}
			left := make(chan time.Duration, 1)
			redo := dlqhttp.Redo(c.client, func(r *http.Request) {
				deadline, ok := r.Context().Deadline()
				if !ok {
					deadline = time.Now()
				}
				left <- time.Until(deadline)
			})
			worker := client.Worker([]string{"webhooks"}, c.options...)
			done := make(chan error, 1)
			go func() { done <- worker.Run(context.Background(), redo) }()
			fake.WaitFor("webhooks", dlq.StateSucceeded)
			if err := errors.Join(worker.Shutdown(t.Context()), <-done); err != nil {
				t.Error(err)
			}
			if got := <-left; got > c.want || got < c.want-20*time.Second {
				t.Errorf("%v left", got)
			}
		})
	}
}

func TestSecretsOfRequestAreNotStored(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	var calls atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "shop" || password != "secret-1" || r.URL.RawQuery != "a=1&sig=secret-5" {
			t.Errorf("got %s, %v", r.URL, r.Header)
		}
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer shop.Close()
	address, err := url.Parse(shop.URL + "?a=1&sig=secret-5")
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("shop", "secret-1")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address.String(), strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"X-Api-Key": "secret-2", "Cookie": "a=secret-3", "X-Signature": "secret-4", "Content-Encoding": "identity",
	} {
		request.Header.Set(name, value)
	}
	_, err = dlqhttp.Do(shop.Client(), client, "webhooks", request, dlqhttp.WithoutFields("x-signature", "Sig"))
	if !errors.Is(err, dlqhttp.ErrKept) {
		t.Fatal(err)
	}
	stored := fake.Messages("webhooks")[0].String()
	if strings.Contains(stored, "secret") || strings.Contains(stored, "shop@") || !strings.Contains(stored, "?a=1") || !strings.Contains(stored, "content-encoding") {
		t.Errorf("stored %s", stored)
	}
	worker := client.Worker([]string{"webhooks"})
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(context.Background(), dlqhttp.Redo(shop.Client(), func(r *http.Request) {
			r.URL.User = url.UserPassword("shop", "secret-1")
			r.URL.RawQuery += "&sig=secret-5"
		}))
	}()
	fake.WaitFor("webhooks", dlq.StateSucceeded)
	if err := errors.Join(worker.Shutdown(t.Context()), <-done); err != nil || calls.Load() != 2 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestCancelledRequestIsNotSent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	begun, stop := make(chan struct{}, 10), make(chan struct{})
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-stop
	}))
	defer shop.Close()
	defer close(stop)
	try := func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, shop.URL, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = dlqhttp.Do(shop.Client(), client, "webhooks", request)
		return err
	}
	cancelled, cancel := context.WithCancel(t.Context())
	because, cancelBecause := context.WithCancelCause(t.Context())
	go func() {
		<-begun
		cancel()
		<-begun
		cancelBecause(errors.New("the user closed the window"))
	}()
	for _, ctx := range []context.Context{cancelled, because} {
		if err := try(ctx); err == nil || errors.Is(err, dlqhttp.ErrKept) || len(fake.Messages("webhooks")) != 0 {
			t.Errorf("got %v, sent %v", err, fake.Messages("webhooks"))
		}
	}
	late, cancelLate := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancelLate()
	if err := try(late); !errors.Is(err, dlqhttp.ErrKept) {
		t.Errorf("got %v", err)
	}
}
