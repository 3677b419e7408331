package dlq_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
)

// spoolWarnings collects the spool warnings of a client's log.
type spoolWarnings struct {
	mu     sync.Mutex
	lines  []string
	logged chan struct{}
}

func newSpoolWarnings() *spoolWarnings { return &spoolWarnings{logged: make(chan struct{}, 100)} }

func (w *spoolWarnings) option() dlq.Option {
	return dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if !strings.Contains(string(line), "messages wait in the spool") {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.lines = append(w.lines, string(line))
		w.logged <- struct{}{}
	}), nil)))
}

// expectOne fails unless there is one warning, for one message, with this reason.
func (w *spoolWarnings) expectOne(t *testing.T, target, reason string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) != 1 || !strings.Contains(w.lines[0], "dlq: messages wait in the spool for "+target+" (1): ") ||
		!strings.Contains(w.lines[0], reason+"; retrying") || !strings.Contains(w.lines[0], "level=WARN") {
		t.Fatalf("logged %q", w.lines)
	}
}

func TestUnreachableServerIsLoggedOnceBeforeSendReturns(t *testing.T) {
	warnings, target := newSpoolWarnings(), closedTarget(t)
	client := spoolingClient(t, target, warnings.option())
	for range 4 { // the later ones go to the spool at once
		spooled(t, client, "a")
		warnings.expectOne(t, target, "connection refused")
	}
}

func TestSilentServerIsLogged(t *testing.T) {
	warnings, target := newSpoolWarnings(), startSilent(t)
	client := spoolingClient(t, target, warnings.option())
	spooled(t, client, "a")
	warnings.expectOne(t, target, "")
}

func TestFailureOfSpoolSenderIsLogged(t *testing.T) {
	folder := t.TempDir()
	target := closedTarget(t)
	first := spoolingClient(t, target, dlq.WithSpool(dlq.Spool{Folder: folder}), dlq.WithLogger(noLog()))
	spooled(t, first, "a")
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	warnings := newSpoolWarnings()
	spoolingClient(t, target, dlq.WithSpool(dlq.Spool{Folder: folder}), warnings.option()) // sends nothing itself
	select {
	case <-warnings.logged:
		warnings.expectOne(t, target, "connection refused")
	case <-time.After(10 * time.Second):
		t.Error("no warning was logged")
	}
}

func TestSendCancelledByCallerIsNotLogged(t *testing.T) {
	tries := make(chan struct{}, 10)
	release := make(chan struct{})
	server := startScripted(t, func(*dlqv1.SendToDlqRequest) error {
		tries <- struct{}{}
		<-release
		return nil
	})
	warnings := newSpoolWarnings()
	client := spoolingClient(t, server.target, warnings.option(), dlq.WithSendTimeout(time.Minute))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-tries
		cancel()
	}()
	result, err := client.Send(ctx, "orders", "a", nil)
	close(release)
	if err != nil || result.Status != dlq.StatusSpooled {
		t.Fatalf("got %+v, %v", result, err)
	}
	warnings.mu.Lock()
	defer warnings.mu.Unlock()
	if len(warnings.lines) != 0 {
		t.Errorf("logged %q", warnings.lines)
	}
}

func TestRefusalAndOutageShareOneLineAMinute(t *testing.T) {
	server := startScripted(t, unavailable)
	warnings := newSpoolWarnings()
	client := spoolingClient(t, server.target, warnings.option())
	spooled(t, client, "a")
	tries := make(chan struct{}, 100)
	server.setAnswer(func(*dlqv1.SendToDlqRequest) error {
		tries <- struct{}{}
		return serviceError(codes.Unauthenticated, "UNAUTHENTICATED")
	})
	for range 2 {
		<-tries
	}
	warnings.expectOne(t, server.target, "the store is down")
}

func TestEmptySpoolAfterWarningIsLoggedOnce(t *testing.T) {
	server := startScripted(t, unavailable)
	emptied := make(chan string, 10)
	client := spoolingClient(t, server.target, dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if text := string(line); strings.Contains(text, "is empty again") {
			emptied <- text
		}
	}), nil))))
	for range 2 {
		spooled(t, client, "a")
	}
	server.setAnswer(always(nil))
	select {
	case line := <-emptied:
		if !strings.Contains(line, "dlq: the spool for "+server.target+" is empty again") || !strings.Contains(line, "level=INFO") {
			t.Errorf("logged %q", line)
		}
	case <-time.After(60 * time.Second):
		t.Fatal("nothing was logged")
	}
	if err := client.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(emptied) != 0 {
		t.Errorf("logged %q too", <-emptied)
	}
}

// panickingLog is a log handler that panics.
type panickingLog struct{ slog.Handler }

func (panickingLog) Enabled(context.Context, slog.Level) bool  { return true }
func (panickingLog) Handle(context.Context, slog.Record) error { panic("no log") }

func TestPanickingLogDoesNotAffectSends(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithLogger(slog.New(panickingLog{slog.DiscardHandler})))
	for range 3 {
		spooled(t, client, "a")
	}
	if _, err := client.Send(t.Context(), "orders", make(chan int), nil); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	server.setAnswer(nil)
	server.waitFor(t, 3)
}
