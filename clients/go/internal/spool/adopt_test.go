package spool

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatAProcessOfTheSameIDHasAdoptedIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	dead := newTestShelf(t, folder, nil)
	if dead.own.bootID == "" {
		t.Skip("processes can't be told apart here")
	}
	dead.own.processStart-- // of an earlier container, in which each process is 1
	dead.Append(requestsOf("a"))
	second := newTestShelf(t, folder, nil)
	second.Adopt()
	same(t, queuesIn(t, second), "a")
	third := newTestShelf(t, folder, nil)
	third.Adopt()
	if third.Count() != 0 {
		t.Error("it took what its own process works on")
	}
}

func TestAFileThatIsTakenHasAnOwnerAtOnce(t *testing.T) {
	folder := t.TempDir()
	first := newTestShelf(t, folder, nil)
	first.Append(requestsOf("a"))
	first.Release()
	next := newTestShelf(t, folder, nil)
	taken := takeOrphans(next.folders, next.purpose, next.own, nil)
	if len(taken) != 1 {
		t.Fatalf("took %v", taken)
	}
	if info, err := os.Stat(taken[0]); err != nil || time.Since(info.ModTime()) > untouchedFor {
		t.Errorf("others would take it, too: %v, %v", info, err)
	}
}

func TestTheOldestFileOfAllFoldersComesFirst(t *testing.T) {
	newer, older := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "z") // so that paths sort otherwise
	for folder, name := range map[string]string{
		older: "0000000000001-1-0123456789abcdef.spool", newer: "0000000000002-1-0123456789abcdef.spool",
	} {
		s := newTestShelf(t, folder, nil)
		s.Append(requestsOf(filepath.Base(folder)))
		s.Release()
		if err := os.Rename(filesIn(t, folder)[0], filepath.Join(folder, "shop", name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("DLQ_SPOOL_DIR", older)
	s := newTestShelf(t, newer, nil)
	s.Adopt()
	same(t, queuesIn(t, s), "z", "a")
}

func TestAFolderThatIsNamedTwiceCountsOnce(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("DLQ_SPOOL_DIR", folder)
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	if got := candidateFolders(folder, "shop"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestAFileOfAnotherFormatOrWithoutAnOwnerIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	s := newTestShelf(t, folder, nil)
	s.Append(requestsOf("a"))
	s.Release()
	path := filesIn(t, folder)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, changed := range []string{
		"DLQ-SPOOL 2\n" + string(data[len(header):]), header + string(appendRecord(nil, letterType, make([]byte, 30))),
	} {
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		next := newTestShelf(t, folder, nil)
		next.Adopt()
		if next.Count() != 0 || filesIn(t, folder)[0] != path {
			t.Errorf("it was taken: %q", changed[:20])
		}
	}
}
