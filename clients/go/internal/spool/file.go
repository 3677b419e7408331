package spool

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqspoolv1"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/proto"
)

// span is where the record of a letter is.
type span struct {
	offset int64
	size   int
	isDone bool
}

// file is a spool file that this process has. Bodies stay on the disk. Guarded by its shelf.
type file struct {
	path  string
	disk  *os.File
	size  int64
	spans []span // in the order of their offsets
	open  int
}

// makeFile writes nothing before the first letter.
func makeFile(path string) (*file, error) {
	disk, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &file{path: path, disk: disk}, nil
}

var errNoSpoolFile = errors.New("no spool file of format 1")

// adoptFile opens one that somebody has left, and says how many bytes of it are damaged.
func adoptFile(path string) (*file, int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if !bytes.HasPrefix(data, []byte(header)) {
		return nil, 0, errNoSpoolFile
	}
	disk, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	f := &file{path: path, disk: disk, size: int64(len(data))}
	records, skipped := scan(data, len(header))
	for _, r := range records {
		switch r.kind {
		case letterType:
			if requestIn(r.body) == nil {
				skipped += r.size()
				continue
			}
			f.add(int64(r.offset), r.size())
		case doneType:
			done := &dlqspoolv1.Done{}
			if proto.Unmarshal(r.body, done) == nil {
				f.close(done.GetOffsets())
			}
		}
	}
	return f, skipped, nil
}

func requestIn(body []byte) *dlqv1.SendToDlqRequest {
	letter := &dlqspoolv1.SpooledMessage{}
	if proto.Unmarshal(body, letter) != nil {
		return nil
	}
	return letter.GetRequest()
}

func (f *file) add(offset int64, size int) {
	f.spans = append(f.spans, span{offset: offset, size: size})
	f.open++
}

// close says that these letters need not be delivered any more.
func (f *file) close(offsets []uint64) {
	for _, offset := range offsets {
		at := sort.Search(len(f.spans), func(at int) bool { return f.spans[at].offset >= int64(offset) }) //nolint:gosec // of a file
		if at < len(f.spans) && f.spans[at].offset == int64(offset) && !f.spans[at].isDone {              //nolint:gosec // of a file
			f.spans[at].isDone = true
			f.open--
		}
	}
	for len(f.spans) > 0 && f.spans[0].isDone {
		f.spans = f.spans[1:]
	}
}

// append writes whole records at once; start goes before them where the file is empty.
func (f *file) append(records [][]byte, start []byte, sync bool) error {
	var data []byte
	if f.size == 0 {
		data = append(data, start...)
	}
	offset := f.size + int64(len(data))
	isNew := f.size == 0
	if err := f.write(append(data, bytes.Join(records, nil)...), sync); err != nil {
		return err
	}
	if isNew && sync {
		if err := syncFolder(filepath.Dir(f.path)); err != nil {
			return err
		}
	}
	for _, r := range records {
		f.add(offset, len(r))
		offset += int64(len(r))
	}
	return nil
}

// write leaves the file as it was where the disk takes only a part.
func (f *file) write(data []byte, sync bool) error {
	if _, err := f.disk.Write(data); err != nil {
		if f.hasItsName() { // else another one appends to it
			_ = f.disk.Truncate(f.size)
		}
		return err
	}
	f.size += int64(len(data))
	if sync {
		return f.disk.Sync()
	}
	return nil
}

// read gives the oldest letters beyond a position, as many as go in one call; one that is larger goes alone.
func (f *file) read(after int64, mostLetters, mostBytes int) ([]Letter, error) {
	var letters []Letter
	bytes := 0
	first := sort.Search(len(f.spans), func(at int) bool { return f.spans[at].offset > after })
	for _, s := range f.spans[first:] {
		if s.isDone {
			continue
		}
		bytes += s.size
		if len(letters) == mostLetters || len(letters) > 0 && bytes > mostBytes {
			break
		}
		data := make([]byte, s.size)
		if _, err := f.disk.ReadAt(data, s.offset); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		letter := Letter{Position: s.offset}
		if body, _ := bodyAt(data, 0); body != nil { // else the disk no longer has what was written
			letter.Request = requestIn(body)
		}
		letters = append(letters, letter)
	}
	return letters, nil
}

func (f *file) finish(positions []int64, sync bool) error {
	offsets := make([]uint64, len(positions))
	for at, position := range positions {
		offsets[at] = uint64(position) //nolint:gosec // an offset
	}
	f.close(offsets)
	if f.open == 0 {
		return nil // the whole file goes
	}
	body, err := proto.Marshal(&dlqspoolv1.Done{Offsets: offsets})
	if err != nil {
		return err
	}
	return f.write(appendRecord(nil, doneType, body), sync)
}

// hasItsName: if not, somebody has adopted it.
func (f *file) hasItsName() bool {
	here, err := f.disk.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.path)
	return err == nil && os.SameFile(here, named)
}

// touch says that its owner lives.
func (f *file) touch() { _ = os.Chtimes(f.path, time.Time{}, time.Now()) }

// release leaves it to whoever sees it first.
func (f *file) release() {
	if f.hasItsName() {
		_ = os.Chtimes(f.path, time.Unix(0, 0), time.Unix(0, 0))
	}
	_ = f.disk.Close()
}

// remove is of a file without letters; whoever has adopted it removes it.
func (f *file) remove() {
	if f.hasItsName() {
		_ = os.Remove(f.path)
	}
	_ = f.disk.Close()
}
