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

func newTestStore(t *testing.T, folder string, change func(*Settings)) *Store {
	t.Helper()
	settings := Settings{
		Target: "localhost:50051", Service: "shop", Folder: folder, MaxBytes: 1 << 20,
		Warn: func(text string) { t.Log(text) },
	}
	if change != nil {
		change(&settings)
	}
	return NewStore(settings)
}

func requestsOf(queues ...string) (requests []*dlqv1.SendToDlqRequest) {
	for _, queue := range queues {
		requests = append(requests, &dlqv1.SendToDlqRequest{Queue: queue})
	}
	return requests
}

func queuesIn(t *testing.T, s *Store) (queues []string) {
	t.Helper()
	for _, source := range s.Sources() {
		messages, err := s.Read(source, -1, 100, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range messages {
			queues = append(queues, message.Request.GetQueue())
		}
	}
	return queues
}

func expectQueues(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
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

func TestNextStoreRecoversReleasedFiles(t *testing.T) {
	folder := t.TempDir()
	first := newTestStore(t, folder, nil)
	first.Append(requestsOf("a", "b", "c"))
	messages, _ := first.Read(first.Sources()[0], -1, 1, 1<<20)
	first.MarkDone(first.Sources()[0], []int64{messages[0].Position})
	first.Release()
	other := newTestStore(t, folder, func(s *Settings) { s.Target = "elsewhere:50051" })
	other.RecoverOrphans()
	if other.Count() != 0 {
		t.Error("a client of another target recovered the file")
	}
	next := newTestStore(t, folder, nil)
	next.RecoverOrphans()
	expectQueues(t, queuesIn(t, next), "b", "c")
}

func TestFileOfRunningProcessStaysUntilUntouched(t *testing.T) {
	folder := t.TempDir()
	first := newTestStore(t, folder, nil)
	first.Append(requestsOf("a"))
	next := newTestStore(t, folder, nil)
	next.RecoverOrphans()
	if next.Count() != 0 {
		t.Error("the file was recovered")
	}
	old := time.Now().Add(-3 * time.Minute)
	if err := os.Chtimes(filesIn(t, folder)[0], old, old); err != nil {
		t.Fatal(err)
	}
	next.RecoverOrphans()
	expectQueues(t, queuesIn(t, next), "a")
	// The first process was only slow. It now writes to a new file.
	if got := first.Append(requestsOf("b")); got[0] != OnDisk {
		t.Errorf("got %v", got)
	}
	if len(filesIn(t, folder)) != 2 {
		t.Errorf("got %v", filesIn(t, folder))
	}
	expectQueues(t, queuesIn(t, first), "b")
}

func TestRecordDamagedAfterWriteHasNoRequest(t *testing.T) {
	folder := t.TempDir()
	s := newTestStore(t, folder, nil)
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
	messages, err := s.Read(s.Sources()[0], -1, 10, 1<<20)
	if err != nil || len(messages) != 2 || messages[0].Request.GetQueue() != "first" || messages[1].Request != nil {
		t.Errorf("got %v, %v", messages, err)
	}
}

func TestInvalidRequestDoesNotAffectOthers(t *testing.T) {
	s := newTestStore(t, t.TempDir(), func(s *Settings) { s.MaxBytes = 64 << 20; s.Sync = true })
	requests := requestsOf("a", "too large", "unencodable \xff", "b")
	requests[1].Payload = &dlqv1.Payload{Body: &dlqv1.Payload_Data{Data: make([]byte, maxBodyBytes)}}
	got := s.Append(requests)
	if want := []Result{OnDisk, TooLarge, Unencodable, OnDisk}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	expectQueues(t, queuesIn(t, s), "a", "b")
}

func TestMessagesStayInMemoryWithoutFolder(t *testing.T) {
	t.Setenv("DLQ_SPOOL_DIR", "")
	t.Setenv("XDG_STATE_HOME", "/dev/null")
	s := newTestStore(t, "/dev/null/spool", nil)
	if got := s.Append(requestsOf("a", "b")); got[0] != InMemory || got[1] != InMemory {
		t.Errorf("got %v", got)
	}
	expectQueues(t, queuesIn(t, s), "a", "b")
	if left := s.Release(); len(left) != 2 || s.Count() != 0 {
		t.Errorf("released %v", left)
	}
}

func TestFolderNameIsSafeOnAnyFileSystem(t *testing.T) {
	for service, want := range map[string]string{"": "default", ".": "_", "..": "_", "a/b ä": "a_b___", "shop.v1-x_y": "shop.v1-x_y"} {
		if got := folderName(service); got != want {
			t.Errorf("%q is %q", service, got)
		}
	}
}

func TestUsageCountsMessagesOnDiskAndInMemory(t *testing.T) {
	folder := t.TempDir()
	s := newTestStore(t, folder, nil)
	defer s.Release()
	if got := s.Usage(); got != (Usage{}) {
		t.Errorf("an empty store uses %+v", got)
	}
	s.Append(requestsOf("a", "b"))
	onDisk := s.Usage()
	if onDisk.Messages != 2 || onDisk.Bytes != s.files[0].size || onDisk.OldestAge < 0 || onDisk.OldestAge > time.Minute {
		t.Errorf("got %+v", onDisk)
	}
	s.diskFailedAt = time.Now() // so that the next write goes to memory
	s.Append(requestsOf("c"))
	s.memory.messages[0].added = time.Now().Add(-time.Hour)
	if got := s.Usage(); got.Messages != 3 || got.Bytes <= onDisk.Bytes || got.OldestAge < time.Hour {
		t.Errorf("got %+v", got)
	}
}
