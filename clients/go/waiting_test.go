package dlq_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
)

// waitingLines has what the log says of what can't be delivered.
type waitingLines struct {
	mu    sync.Mutex
	lines []string
	said  chan struct{}
}

func newWaitingLines() *waitingLines { return &waitingLines{said: make(chan struct{}, 100)} }

func (w *waitingLines) option() dlq.Option {
	return dlq.WithLogger(slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if !strings.Contains(string(line), "keeps what") {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.lines = append(w.lines, string(line))
		w.said <- struct{}{}
	}), nil)))
}

// expect is one line, a warning, that has these words.
func (w *waitingLines) expect(t *testing.T, words string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.lines) != 1 || !strings.Contains(w.lines[0], "keeps what can't be delivered: ") ||
		!strings.Contains(w.lines[0], words) || !strings.Contains(w.lines[0], "level=WARN") {
		t.Fatalf("said %q", w.lines)
	}
}

func nobodyListens(t *testing.T) (target string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func TestWhyNobodyIsReachedIsToldBeforeASendHasItsResultAndOnce(t *testing.T) {
	log := newWaitingLines()
	client := spoolingClient(t, nobodyListens(t), log.option())
	for range 4 { // the later ones go to the spool at once
		spooled(t, client, "a")
		log.expect(t, "connection refused")
	}
}

func TestThatNobodyAnswersIsTold(t *testing.T) {
	log := newWaitingLines()
	client := spoolingClient(t, startSilent(t), log.option())
	spooled(t, client, "a")
	log.expect(t, "")
}

func TestWhatTheCourierFailsWithIsTold(t *testing.T) {
	folder := t.TempDir()
	target := nobodyListens(t)
	first := spoolingClient(t, target, dlq.WithSpool(dlq.Spool{Folder: folder}), dlq.WithLogger(quiet()))
	spooled(t, first, "a")
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log := newWaitingLines()
	spoolingClient(t, target, dlq.WithSpool(dlq.Spool{Folder: folder}), log.option()) // sends nothing itself
	select {
	case <-log.said:
		log.expect(t, "connection refused")
	case <-time.After(10 * time.Second):
		t.Error("nothing was said")
	}
}

func TestASendThatItsCallerEndsIsNoReasonForALine(t *testing.T) {
	tries := make(chan struct{}, 10)
	release := make(chan struct{})
	server := startScripted(t, func(*dlqv1.SendToDlqRequest) error {
		tries <- struct{}{}
		<-release
		return nil
	})
	log := newWaitingLines()
	client := spoolingClient(t, server.target, log.option(), dlq.WithSendTimeout(time.Minute))
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
	log.mu.Lock()
	defer log.mu.Unlock()
	if len(log.lines) != 0 {
		t.Errorf("said %q", log.lines)
	}
}

func TestARefusalAndAnOutageShareALineAMinute(t *testing.T) {
	server := startScripted(t, unavailable)
	log := newWaitingLines()
	client := spoolingClient(t, server.target, log.option())
	spooled(t, client, "a")
	tries := make(chan struct{}, 100)
	server.says(func(*dlqv1.SendToDlqRequest) error {
		tries <- struct{}{}
		return own(codes.Unauthenticated, "UNAUTHENTICATED")
	})
	for range 2 {
		<-tries
	}
	log.expect(t, "away")
}

// brokenLog is a handler of a program's that panics.
type brokenLog struct{ slog.Handler }

func (brokenLog) Enabled(context.Context, slog.Level) bool  { return true }
func (brokenLog) Handle(context.Context, slog.Record) error { panic("no log") }

func TestALogThatPanicsCostsNothingElse(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithLogger(slog.New(brokenLog{slog.DiscardHandler})))
	for range 3 {
		spooled(t, client, "a")
	}
	if _, err := client.Send(t.Context(), "orders", make(chan int), nil); !errors.Is(err, dlq.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	server.says(nil)
	server.waitFor(t, 3)
}
