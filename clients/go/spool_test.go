package dlq_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A job may end right after the send, before the spool sender has tried.
func TestRefusalIsLoggedBeforeSendReturns(t *testing.T) {
	server := startScripted(t, always(serviceError(codes.Unauthenticated, "UNAUTHENTICATED")))
	var lines atomic.Int32
	logger := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if text := string(line); strings.Contains(text, "messages wait in the spool") && strings.Contains(text, "WithToken") {
			lines.Add(1)
		}
	}), nil))
	client := spoolingClient(t, server.target, dlq.WithLogger(logger), dlq.WithSendTimeout(5*time.Second))
	for range 3 {
		spooled(t, client, "a")
		if count := lines.Load(); count != 1 {
			t.Fatalf("logged %d times", count)
		}
	}
}

// Otherwise it would be dropped when nobody is left who gets the error.
func TestSendWithoutQueueIsNotSpooled(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(*dlq.Error, string) {}))
	if result, err := client.Send(t.Context(), "", "a", nil); !errors.Is(err, dlq.ErrInvalid) || result.Status != dlq.StatusDropped {
		t.Errorf("got %+v, %v", result, err)
	}
}

// writer makes a function an io.Writer.
type writer func(line []byte)

func (w writer) Write(line []byte) (int, error) {
	w(line)
	return len(line), nil
}

func TestPermanentRefusalIsReportedAndDoesNotBlockOthers(t *testing.T) {
	server := startScripted(t, unavailable)
	dropped := make(chan *dlq.Error, 10)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(err *dlq.Error, _ string) { dropped <- err }))
	for _, payload := range []string{"a", "bad", "b"} {
		spooled(t, client, payload)
	}
	server.setAnswer(func(r *dlqv1.SendToDlqRequest) error {
		if r.GetPayload().GetText() == "bad" {
			return serviceError(codes.InvalidArgument, "INVALID")
		}
		return nil
	})
	server.waitFor(t, 2)
	if err := <-dropped; !errors.Is(err, dlq.ErrRefused) || !err.MaybeStored {
		t.Errorf("got %+v", err)
	}
}

func TestRefusalOfSpooledMessageShowsServiceIsAvailable(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(*dlq.Error, string) {}))
	for range 3 {
		spooled(t, client, "a")
	}
	server.setAnswer(func(r *dlqv1.SendToDlqRequest) error {
		if r.GetPayload().GetText() == "a" {
			return serviceError(codes.Unauthenticated, "UNAUTHENTICATED")
		}
		return serviceError(codes.InvalidArgument, "INVALID")
	})
	late := time.After(10 * time.Second)
	for {
		_, err := client.Send(t.Context(), "orders", "b", nil)
		if errors.Is(err, dlq.ErrRefused) {
			return
		}
		select {
		case <-late:
			t.Fatalf("sends still go to the spool: %v", err)
		default:
		}
	}
}

// The service refuses one message, and a proxy is unavailable for the next one.
func TestAnswersToSpoolSenderDoNotFlush(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithLogger(noLog()))
	for _, first := range []byte("ab") {
		payload := make([]byte, 2<<20) // a call has room for one
		payload[0] = first
		spooled(t, client, payload)
	}
	var tries atomic.Int32
	server.setAnswer(func(r *dlqv1.SendToDlqRequest) error {
		tries.Add(1)
		if r.GetPayload().GetData()[0] == 'a' {
			return serviceError(codes.ResourceExhausted, "QUEUE_LIMIT")
		}
		return status.Error(codes.Unavailable, "no route")
	})
	time.Sleep(time.Second)
	if count := tries.Load(); count == 0 || count > 40 {
		t.Errorf("%d tries in a second", count)
	}
}

func TestUnencodableMessageIsInvalidWhileServiceIsUnavailable(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(*dlq.Error, string) {}))
	for range 3 {
		spooled(t, client, "a")
	}
	odd := dlq.WithRetryPolicy(&dlq.RetryPolicy{Preset: "\xff"})
	if _, err := client.Send(t.Context(), "orders", "b", nil, odd); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	_, err := client.Send(t.Context(), "orders", make([]byte, 9<<20), nil)
	if !errors.Is(err, dlq.ErrSpoolFull) || !strings.Contains(err.Error(), "8 MiB") {
		t.Errorf("got %v", err)
	}
	spooled(t, client, "c")
}

func TestMessageAboveMaxPendingBytesIsTooLargeForSpool(t *testing.T) {
	client := spoolingClient(t, startScripted(t, nil).target, dlq.WithLogger(noLog()))
	_, err := client.Send(t.Context(), "orders", make([]byte, 65<<20), nil)
	if !errors.Is(err, dlq.ErrSpoolFull) || !strings.Contains(err.Error(), "8 MiB") || strings.Contains(err.Error(), "server at the target") {
		t.Errorf("got %v", err)
	}
}

func TestRefusedMessageWithoutRoomIsNotLoggedAsWaiting(t *testing.T) {
	server := startScripted(t, always(serviceError(codes.Unauthenticated, "UNAUTHENTICATED")))
	logger := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if strings.Contains(string(line), "in the spool for") {
			t.Errorf("logged %s", line)
		}
	}), nil))
	client := spoolingClient(t, server.target, dlq.WithLogger(logger), dlq.WithSpool(dlq.Spool{Folder: t.TempDir(), MaxBytes: 1}))
	_, err := client.Send(t.Context(), "orders", "a", nil, dlq.WithTimeout(5*time.Second))
	var dropped *dlq.Error
	if !errors.As(err, &dropped) || dropped.Kind != dlq.ErrSpoolFull || dropped.Code != codes.Unauthenticated ||
		!strings.Contains(err.Error(), "not sent: no") {
		t.Errorf("got %+v, %v", dropped, err)
	}
}

func TestRefusedMessageTooLargeForSpoolNamesRefusal(t *testing.T) {
	refused := serviceError(codes.Unauthenticated, "UNAUTHENTICATED")
	server := startScripted(t, always(refused), grpc.MaxRecvMsgSize(16<<20))
	client := spoolingClient(t, server.target, dlq.WithLogger(noLog()))
	_, err := client.Send(t.Context(), "orders", make([]byte, 9<<20), nil, dlq.WithTimeout(5*time.Second))
	var dropped *dlq.Error
	if !errors.As(err, &dropped) || dropped.Kind != dlq.ErrSpoolFull || dropped.Code != codes.Unauthenticated ||
		!strings.Contains(err.Error(), "8 MiB") || !strings.Contains(err.Error(), "not sent: no") {
		t.Errorf("got %+v, %v", dropped, err)
	}
}

// A job that runs for a moment, again and again, sends what an earlier run has spooled.
func TestCloseSendsSpooledMessages(t *testing.T) {
	server, folder := startScripted(t, unavailable), t.TempDir()
	var log strings.Builder
	var mu sync.Mutex
	job := func(payload string, want dlq.Status) string {
		mu.Lock()
		log.Reset()
		mu.Unlock()
		client, err := dlq.New(server.target, dlq.WithSpool(dlq.Spool{Folder: folder}), dlq.WithSendTimeout(50*time.Millisecond),
			dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) {
				mu.Lock()
				defer mu.Unlock()
				log.Write(line)
			}), nil))))
		if err != nil {
			t.Fatal(err)
		}
		if result, err := client.Send(t.Context(), "orders", payload, nil); result.Status != want {
			t.Errorf("got %+v, %v", result, err)
		}
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		return log.String()
	}
	stays := "messages stay in the spool for " + server.target + " (1); the next client with the same service and target sends them"
	if text := job("a", dlq.StatusSpooled); !strings.Contains(text, stays) {
		t.Errorf("logged %s", text)
	}
	server.setAnswer(nil)
	if text := job("b", dlq.StatusSent); strings.Contains(text, "WARN") || len(server.stored) != 2 {
		t.Errorf("%d are stored; logged %s", len(server.stored), text)
	}
}
