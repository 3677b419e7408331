package spool

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFileRecoveredByProcessWithSameIDStays(t *testing.T) {
	folder := t.TempDir()
	dead := newTestStore(t, folder, nil)
	if dead.own.bootID == "" {
		t.Skip("process start times can't be read here")
	}
	dead.own.processStart-- // of an earlier container, where each process has id 1
	dead.Append(requestsOf("a"))
	second := newTestStore(t, folder, nil)
	second.RecoverOrphans()
	expectQueues(t, queuesIn(t, second), "a")
	third := newTestStore(t, folder, nil)
	third.RecoverOrphans()
	if third.Count() != 0 {
		t.Error("it claimed a file that its own process uses")
	}
}

func TestClaimedFileHasOwnerAtOnce(t *testing.T) {
	folder := t.TempDir()
	first := newTestStore(t, folder, nil)
	first.Append(requestsOf("a"))
	first.Release()
	next := newTestStore(t, folder, nil)
	claimed := claimOrphans(next.folders, next.scope, next.own, nil)
	if len(claimed) != 1 {
		t.Fatalf("claimed %v", claimed)
	}
	if info, err := os.Stat(claimed[0]); err != nil || time.Since(info.ModTime()) > orphanAfter {
		t.Errorf("another process could claim it, too: %v, %v", info, err)
	}
}

// Short programs may run thousands of times while the service is unavailable.
func TestFileDoesNotGrowWithEachRecovery(t *testing.T) {
	folder := t.TempDir()
	first := newTestStore(t, folder, nil)
	first.Append(requestsOf("a"))
	first.Release()
	var sizes []int64
	for range 5 {
		next := newTestStore(t, folder, nil)
		next.RecoverOrphans()
		expectQueues(t, queuesIn(t, next), "a")
		sizes = append(sizes, next.files[0].size)
		next.Release()
		if info, err := os.Stat(filesIn(t, folder)[0]); err != nil || info.Size() != sizes[len(sizes)-1] {
			t.Errorf("the file is %v, %v", info, err)
		}
	}
	if growth := sizes[4] - sizes[0]; growth > 10 { // the time takes more or fewer bytes
		t.Errorf("the sizes are %v", sizes)
	}
}

func TestOldestFileOfAllFoldersComesFirst(t *testing.T) {
	newer, older := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "z") // sorted by path, newer is first
	for folder, name := range map[string]string{
		older: "0000000000001-1-0123456789abcdef.spool", newer: "0000000000002-1-0123456789abcdef.spool",
	} {
		s := newTestStore(t, folder, nil)
		s.Append(requestsOf(filepath.Base(folder)))
		s.Release()
		if err := os.Rename(filesIn(t, folder)[0], filepath.Join(folder, "shop", name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DLQ_SPOOL_DIR", older)
	s := newTestStore(t, newer, nil)
	s.RecoverOrphans()
	expectQueues(t, queuesIn(t, s), "z", "a")
}

func TestFolderConfiguredTwiceIsUsedOnce(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("DLQ_SPOOL_DIR", folder)
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	if got := candidateFolders(folder, "shop"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestFileOfOtherFormatOrWithoutOwnerStays(t *testing.T) {
	folder := t.TempDir()
	s := newTestStore(t, folder, nil)
	s.Append(requestsOf("a"))
	s.Release()
	path := filesIn(t, folder)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, changed := range []string{
		"DLQ-SPOOL 2\n" + string(data[len(header):]), header + string(appendRecord(nil, messageType, make([]byte, 30))),
	} {
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		next := newTestStore(t, folder, nil)
		next.RecoverOrphans()
		if next.Count() != 0 || filesIn(t, folder)[0] != path {
			t.Errorf("it was claimed: %q", changed[:20])
		}
	}
}
