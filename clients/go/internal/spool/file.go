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

// span is the place of a message's record in its file.
type span struct {
	offset int64
	size   int
	isDone bool
}

// file is a spool file of this process. It holds the places of messages; their bodies stay on disk. The
// store's mutex guards it.
type file struct {
	path  string
	disk  *os.File
	size  int64
	spans []span // by offset
	open  int    // messages still to be sent
}

// createFile creates an empty file. The first append writes its header.
func createFile(path string) (*file, error) {
	disk, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &file{path: path, disk: disk}, nil
}

var errNotSpoolFile = errors.New("it is not a spool file of format 1")

// openFile opens the file of another process, and removes the Owner records at its end. skipped is the number of damaged
// bytes.
func openFile(path string) (f *file, skipped int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if !bytes.HasPrefix(data, []byte(header)) {
		return nil, 0, errNotSpoolFile
	}
	disk, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	f = &file{path: path, disk: disk, size: int64(len(data))}
	records, skipped := scan(data, len(header))
	for _, r := range records {
		switch r.recordType {
		case messageType:
			if requestOf(r.body) == nil {
				skipped += r.size()
				continue
			}
			f.add(int64(r.offset), r.size())
		case doneType:
			done := &dlqspoolv1.Done{}
			if proto.Unmarshal(r.body, done) == nil {
				f.markDone(done.GetOffsets())
			}
		}
	}
	f.cutOwners(records)
	return f, skipped, nil
}

// cutOwners removes the Owner records after the last message: otherwise each recovery would make the file longer. The
// first record stays.
func (f *file) cutOwners(records []record) {
	end := f.size
	for i := len(records) - 1; i > 0 && records[i].recordType == ownerType; i-- {
		end = int64(records[i].offset)
	}
	if end < f.size && f.isOwned() && f.disk.Truncate(end) == nil {
		f.size = end
	}
}

// requestOf returns the request of a message's record, or nil if the body is invalid.
func requestOf(body []byte) *dlqv1.SendToDlqRequest {
	message := &dlqspoolv1.SpooledMessage{}
	if proto.Unmarshal(body, message) != nil {
		return nil
	}
	return message.GetRequest()
}

func (f *file) add(offset int64, size int) {
	f.spans = append(f.spans, span{offset: offset, size: size})
	f.open++
}

func (f *file) markDone(offsets []uint64) {
	for _, offset := range offsets {
		at := int64(offset) //nolint:gosec // of a file
		i := sort.Search(len(f.spans), func(i int) bool { return f.spans[i].offset >= at })
		if i < len(f.spans) && f.spans[i].offset == at && !f.spans[i].isDone {
			f.spans[i].isDone = true
			f.open--
		}
	}
	for len(f.spans) > 0 && f.spans[0].isDone {
		f.spans = f.spans[1:]
	}
}

// append writes records in one write, after start if the file is empty.
func (f *file) append(records [][]byte, start []byte, sync bool) error {
	var data []byte
	isNew := f.size == 0
	if isNew {
		data = append(data, start...)
	}
	offset := f.size + int64(len(data))
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

// write appends data. If the disk takes only a part of it, write restores the former size.
func (f *file) write(data []byte, sync bool) error {
	if _, err := f.disk.Write(data); err != nil {
		if f.isOwned() { // another owner may have appended to the file
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

func (f *file) Name() string { return filepath.Base(f.path) }

func (f *file) read(after int64, maxMessages, maxBytes int) ([]Message, error) {
	var messages []Message
	bytes := 0
	first := sort.Search(len(f.spans), func(i int) bool { return f.spans[i].offset > after })
	for _, s := range f.spans[first:] {
		if s.isDone {
			continue
		}
		bytes += s.size
		if len(messages) == maxMessages || len(messages) > 0 && bytes > maxBytes {
			break
		}
		data := make([]byte, s.size)
		if _, err := f.disk.ReadAt(data, s.offset); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		message := Message{Position: s.offset}
		if body, _ := bodyAt(data, 0); body != nil { // nil: damaged since it was written
			message.Request = requestOf(body)
		}
		messages = append(messages, message)
	}
	return messages, nil
}

// writeDone marks messages as done and records it, unless no message is left: the file is then removed.
func (f *file) writeDone(positions []int64, sync bool) error {
	offsets := make([]uint64, len(positions))
	for i, position := range positions {
		offsets[i] = uint64(position) //nolint:gosec // an offset
	}
	f.markDone(offsets)
	if f.open == 0 {
		return nil
	}
	body, err := proto.Marshal(&dlqspoolv1.Done{Offsets: offsets})
	if err != nil {
		return err
	}
	return f.write(appendRecord(nil, doneType, body), sync)
}

// isOwned reports whether the file still has its name. Another process that claims it renames it.
func (f *file) isOwned() bool {
	here, err := f.disk.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.path)
	return err == nil && os.SameFile(here, named)
}

// touch shows that the file has an owner.
func (f *file) touch() { _ = os.Chtimes(f.path, time.Time{}, time.Now()) }

// release closes the file and makes it an orphan at once.
func (f *file) release() {
	if f.isOwned() {
		_ = os.Chtimes(f.path, time.Unix(0, 0), time.Unix(0, 0))
	}
	_ = f.disk.Close()
}

// remove closes a file with no messages and deletes it, unless another process owns it.
func (f *file) remove() {
	if f.isOwned() {
		_ = os.Remove(f.path)
	}
	_ = f.disk.Close()
}
