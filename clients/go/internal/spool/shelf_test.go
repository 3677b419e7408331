package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

func newTestShelf(t *testing.T, folder string, about func(*Settings)) *Shelf {
	t.Helper()
	settings := Settings{
		Target: "localhost:50051", Service: "shop", Folder: folder, MaxBytes: 1 << 20,
		Tell: func(words string, about ...any) { t.Log(append([]any{words}, about...)...) },
	}
	if about != nil {
		about(&settings)
	}
	return NewShelf(settings)
}

func requestsOf(queues ...string) (requests []*dlqv1.SendToDlqRequest) {
	for _, queue := range queues {
		requests = append(requests, &dlqv1.SendToDlqRequest{Queue: queue})
	}
	return requests
}

func queuesIn(t *testing.T, s *Shelf) (queues []string) {
	t.Helper()
	for _, store := range s.Stores() {
		letters, err := s.Read(store, -1, 100, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, letter := range letters {
			queues = append(queues, letter.Request.GetQueue())
		}
	}
	return queues
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %v, not %v", got, want)
	}
	for at := range want {
		if got[at] != want[at] {
			t.Fatalf("got %v, not %v", got, want)
		}
	}
}

func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "shop", "*.spool"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatIsKeptIsReadInItsOrderUntilItIsDone(t *testing.T) {
	folder := t.TempDir()
	s := newTestShelf(t, folder, nil)
	s.Append(requestsOf("a", "b"))
	s.Append(requestsOf("c"))
	same(t, queuesIn(t, s), "a", "b", "c")
	store := s.Stores()[0]
	letters, _ := s.Read(store, -1, 1, 1<<20)
	s.Finish(store, []int64{letters[0].Position})
	same(t, queuesIn(t, s), "b", "c")
	letters, _ = s.Read(store, -1, 10, 1<<20)
	s.Finish(store, []int64{letters[0].Position, letters[1].Position})
	if s.Count() != 0 || len(filesIn(t, folder)) != 0 {
		t.Errorf("%d letters in %v", s.Count(), filesIn(t, folder))
	}
}

func TestTheNextOneTakesWhatWasLeft(t *testing.T) {
	folder := t.TempDir()
	first := newTestShelf(t, folder, nil)
	first.Append(requestsOf("a", "b", "c"))
	letters, _ := first.Read(first.Stores()[0], -1, 1, 1<<20)
	first.Finish(first.Stores()[0], []int64{letters[0].Position})
	first.Release()
	other := newTestShelf(t, folder, func(s *Settings) { s.Target = "elsewhere:50051" })
	other.Adopt()
	if other.Count() != 0 {
		t.Error("a client of another target took it")
	}
	next := newTestShelf(t, folder, nil)
	next.Adopt()
	same(t, queuesIn(t, next), "b", "c")
}

func TestAFileOfALivingProcessIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	first := newTestShelf(t, folder, nil)
	first.Append(requestsOf("a"))
	next := newTestShelf(t, folder, nil)
	next.Adopt()
	if next.Count() != 0 {
		t.Error("it was taken")
	}
	old := time.Now().Add(-3 * time.Minute)
	if err := os.Chtimes(filesIn(t, folder)[0], old, old); err != nil {
		t.Fatal(err)
	}
	next.Adopt()
	same(t, queuesIn(t, next), "a")
	// The first one was only slow: what it keeps now goes to a file of its own.
	if placed := first.Append(requestsOf("b")); placed[0] != OnDisk {
		t.Errorf("placed %v", placed)
	}
	if len(filesIn(t, folder)) != 2 {
		t.Errorf("got %v", filesIn(t, folder))
	}
	same(t, queuesIn(t, first), "b")
}

func TestDamageCostsOneLetterOnly(t *testing.T) {
	folder := t.TempDir()
	s := newTestShelf(t, folder, nil)
	s.Append(requestsOf("first", "second", "third"))
	s.Release()
	path := filesIn(t, folder)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, []byte("second"))] ^= 0xff
	data = data[:len(data)-2]
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	next := newTestShelf(t, folder, nil)
	next.Adopt()
	same(t, queuesIn(t, next), "first")
}

func TestWhatIsDamagedAfterItWasWrittenIsNotDelivered(t *testing.T) {
	folder := t.TempDir()
	s := newTestShelf(t, folder, nil)
	s.Append(requestsOf("first", "second"))
	path := filesIn(t, folder)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := os.OpenFile(path, os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.WriteAt([]byte("x"), int64(bytes.Index(data, []byte("second")))); err != nil {
		t.Fatal(err)
	}
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	letters, err := s.Read(s.Stores()[0], -1, 10, 1<<20)
	if err != nil || len(letters) != 2 || letters[0].Request.GetQueue() != "first" || letters[1].Request != nil {
		t.Errorf("got %v, %v", letters, err)
	}
}

func TestALetterThatCannotBeKeptCostsNoOther(t *testing.T) {
	s := newTestShelf(t, t.TempDir(), func(s *Settings) { s.MaxBytes = 64 << 20; s.Sync = true })
	requests := requestsOf("a", "too long", "unwritable \xff", "b")
	requests[1].Payload = &dlqv1.Payload{Body: &dlqv1.Payload_Data{Data: make([]byte, mostBodyBytes)}}
	got := s.Append(requests)
	if want := []Placed{OnDisk, TooLong, Unwritable, OnDisk}; !slices.Equal(got, want) {
		t.Errorf("placed %v", got)
	}
	same(t, queuesIn(t, s), "a", "b")
}

func TestBoundAndMemory(t *testing.T) {
	small := newTestShelf(t, t.TempDir(), func(s *Settings) { s.MaxBytes = 10 })
	if placed := small.Append(requestsOf("a")); placed[0] != Full {
		t.Errorf("placed %v", placed)
	}
	t.Setenv("DLQ_SPOOL_DIR", "")
	t.Setenv("XDG_STATE_HOME", "/dev/null")
	s := newTestShelf(t, "/dev/null/spool", nil)
	if placed := s.Append(requestsOf("a", "b")); placed[0] != InMemory || placed[1] != InMemory {
		t.Errorf("placed %v", placed)
	}
	same(t, queuesIn(t, s), "a", "b")
	if lost := s.Release(); len(lost) != 2 || s.Count() != 0 {
		t.Errorf("lost %v", lost)
	}
}

func TestFolderNames(t *testing.T) {
	for service, want := range map[string]string{"": "default", ".": "_", "..": "_", "a/b ä": "a_b___", "shop.v1-x_y": "shop.v1-x_y"} {
		if got := folderName(service); got != want {
			t.Errorf("%q is %q", service, got)
		}
	}
}
