package dlq_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
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

func TestWhatAProxyRefusesStaysInTheSpool(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(err *dlq.Error, _ string) { t.Error("dropped: ", err) }))
	spooled(t, client, "a")
	refusals := make(chan struct{}, 100)
	server.says(func(*dlqv1.SendToDlqRequest) error {
		refusals <- struct{}{}
		return status.Error(codes.Unimplemented, "no such path")
	})
	for range 2 {
		<-refusals
	}
	server.says(nil)
	server.waitFor(t, 1)
}

func TestWhatIsRefusedForItsTokenWaitsAndIsToldOnce(t *testing.T) {
	server := startScripted(t, always(own(codes.Unauthenticated, "UNAUTHENTICATED")))
	var log strings.Builder
	var mu sync.Mutex
	logger := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		mu.Lock()
		defer mu.Unlock()
		log.Write(line)
	}), nil))
	client := spoolingClient(t, server.target, dlq.WithLogger(logger))
	tries := make(chan struct{}, 100)
	server.says(func(*dlqv1.SendToDlqRequest) error {
		tries <- struct{}{}
		return own(codes.Unauthenticated, "UNAUTHENTICATED")
	})
	spooled(t, client, "a")
	for range 4 {
		<-tries
	}
	server.says(nil)
	server.waitFor(t, 1)
	mu.Lock()
	defer mu.Unlock()
	if told := log.String(); strings.Count(told, "keeps what is refused") != 1 || !strings.Contains(told, "WithToken") {
		t.Error(told)
	}
}

// As of a job that ends at once: the courier has no time to find out.
func TestARefusalIsToldBeforeItsSendHasAResult(t *testing.T) {
	server := startScripted(t, always(own(codes.Unauthenticated, "UNAUTHENTICATED")))
	var lines atomic.Int32
	logger := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if strings.Contains(string(line), "keeps what is refused") {
			lines.Add(1)
		}
	}), nil))
	client := spoolingClient(t, server.target, dlq.WithLogger(logger), dlq.WithSendTimeout(5*time.Second))
	for range 3 {
		spooled(t, client, "a")
		if told := lines.Load(); told != 1 {
			t.Fatalf("told %d times", told)
		}
	}
}

// writer is an io.Writer of a function.
type writer func(line []byte)

func (w writer) Write(line []byte) (int, error) {
	w(line)
	return len(line), nil
}

func TestWhatTheServiceRefusesForGoodIsToldAndHoldsNothingUp(t *testing.T) {
	server := startScripted(t, unavailable)
	dropped := make(chan *dlq.Error, 10)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(err *dlq.Error, _ string) { dropped <- err }))
	for _, payload := range []string{"a", "bad", "b"} {
		spooled(t, client, payload)
	}
	server.says(func(r *dlqv1.SendToDlqRequest) error {
		if r.GetPayload().GetText() == "bad" {
			return own(codes.InvalidArgument, "INVALID")
		}
		return nil
	})
	server.waitFor(t, 2)
	if err := <-dropped; !errors.Is(err, dlq.ErrRefused) || !err.MaybeStored {
		t.Errorf("got %+v", err)
	}
}

func TestARefusalToTheSpoolSaysThatTheServiceIsThere(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithOnDropped(func(*dlq.Error, string) {}))
	for range 3 {
		spooled(t, client, "a")
	}
	server.says(func(r *dlqv1.SendToDlqRequest) error {
		if r.GetPayload().GetText() == "a" {
			return own(codes.Unauthenticated, "UNAUTHENTICATED")
		}
		return own(codes.InvalidArgument, "INVALID")
	})
	late := time.After(10 * time.Second)
	for {
		_, err := client.Send(t.Context(), "orders", "b", nil)
		if errors.Is(err, dlq.ErrRefused) {
			return
		}
		select {
		case <-late:
			t.Fatalf("sends still go to the spool, as if nobody were there: %v", err)
		default:
		}
	}
}

// One letter is refused for now, and the next one is too large for a proxy, say.
func TestWhatTheCourierHearsItselfHastensItNot(t *testing.T) {
	server := startScripted(t, unavailable)
	client := spoolingClient(t, server.target, dlq.WithLogger(quiet()))
	for _, first := range []byte("ab") {
		payload := make([]byte, 2<<20) // two share no call
		payload[0] = first
		spooled(t, client, payload)
	}
	var tries atomic.Int32
	server.says(func(r *dlqv1.SendToDlqRequest) error {
		tries.Add(1)
		if r.GetPayload().GetData()[0] == 'a' {
			return own(codes.ResourceExhausted, "QUEUE_LIMIT")
		}
		return status.Error(codes.Unavailable, "away")
	})
	time.Sleep(time.Second)
	if count := tries.Load(); count == 0 || count > 40 {
		t.Errorf("%d tries in a second", count)
	}
}

func TestALetterThatIsDamagedHoldsNothingUp(t *testing.T) {
	server := startScripted(t, unavailable)
	folder := t.TempDir()
	client := spoolingClient(t, server.target, dlq.WithSpool(dlq.Spool{Folder: folder}))
	spooled(t, client, "damaged")
	files, err := filepath.Glob(filepath.Join(folder, "default", "*.spool"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	// In place, as a disk does it.
	if err := os.WriteFile(files[0], []byte(strings.Replace(string(data), "damaged", "damagee", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	spooled(t, client, "whole")
	server.says(nil)
	if taken := server.waitFor(t, 1); taken[0].GetPayload().GetText() != "whole" {
		t.Errorf("got %v", taken)
	}
}

func TestWhatNoMessageCanHoldIsInvalidAlsoWhileTheServiceIsAway(t *testing.T) {
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

func TestWhatIsLongerThanAllThatMayBePendingIsTooLong(t *testing.T) {
	client := spoolingClient(t, startScripted(t, nil).target, dlq.WithLogger(quiet()))
	_, err := client.Send(t.Context(), "orders", make([]byte, 65<<20), nil)
	if !errors.Is(err, dlq.ErrSpoolFull) || !strings.Contains(err.Error(), "8 MiB") || strings.Contains(err.Error(), "away") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsRefusedAndFindsNoRoomIsNotToldAsKept(t *testing.T) {
	server := startScripted(t, always(own(codes.Unauthenticated, "UNAUTHENTICATED")))
	logger := slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if strings.Contains(string(line), "keeps") {
			t.Errorf("said %s", line)
		}
	}), nil))
	client := spoolingClient(t, server.target, dlq.WithLogger(logger), dlq.WithSpool(dlq.Spool{Folder: t.TempDir(), MaxBytes: 1}))
	_, err := client.Send(t.Context(), "orders", "a", nil, dlq.WithTimeout(5*time.Second))
	var told *dlq.Error
	if !errors.As(err, &told) || told.Kind != dlq.ErrSpoolFull || told.Code != codes.Unauthenticated ||
		!strings.Contains(err.Error(), "not sent: no") {
		t.Errorf("got %+v, %v", told, err)
	}
}

func TestWhatIsRefusedAndTooLongForTheSpoolNamesTheRefusal(t *testing.T) {
	refused := own(codes.Unauthenticated, "UNAUTHENTICATED")
	server := startScripted(t, always(refused), grpc.MaxRecvMsgSize(16<<20))
	client := spoolingClient(t, server.target, dlq.WithLogger(quiet()))
	_, err := client.Send(t.Context(), "orders", make([]byte, 9<<20), nil, dlq.WithTimeout(5*time.Second))
	var told *dlq.Error
	if !errors.As(err, &told) || told.Kind != dlq.ErrSpoolFull || told.Code != codes.Unauthenticated ||
		!strings.Contains(err.Error(), "8 MiB") || !strings.Contains(err.Error(), "not sent: no") {
		t.Errorf("got %+v, %v", told, err)
	}
}
