package spool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqspoolv1"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// fullFileBytes: then another file is begun, so that this one can go once its letters have gone.
	fullFileBytes = 16 << 20
	// retryDiskAfter is how long a folder that could not be written is left alone.
	retryDiskAfter = 30 * time.Second
	// mostTries: the first file may be adopted by somebody; that new ones are is a fault of the file system.
	mostTries = 3
	// useStaleAfter: other processes write, too.
	useStaleAfter = time.Second
)

// Shelf is everything that a client has to deliver: its spool files, and letters that none could take.
type Shelf struct {
	settings Settings
	folders  []string
	purpose  purpose
	own      identity

	mu           sync.Mutex
	memory       memory
	files        []*file // by age
	current      *file   // letters are appended to it
	diskFailedAt time.Time
	isInMemory   bool
	othersIn     string
	othersAt     time.Time
	others       map[string]int64
}

// NewShelf touches no disk before there is something to keep.
func NewShelf(s Settings) *Shelf {
	return &Shelf{
		settings: s,
		folders:  candidateFolders(s.Folder, s.Service),
		purpose:  purpose{s.Target, s.Service},
		own:      ownIdentity(),
	}
}

// Count is how many letters wait.
func (s *Shelf) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := s.memory.open
	for _, f := range s.files {
		count += f.open
	}
	return count
}

// Stores gives where letters are, the oldest first.
func (s *Shelf) Stores() []Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	var stores []Store
	for _, f := range s.files {
		stores = append(stores, f)
	}
	return append(stores, &s.memory)
}

// Read gives the oldest letters of a store beyond a position.
func (s *Shelf) Read(store Store, after int64, mostLetters, mostBytes int) ([]Letter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return store.read(after, mostLetters, mostBytes)
}

// Append gives one answer for each, in their order.
func (s *Shelf) Append(requests []*dlqv1.SendToDlqRequest) []Placed {
	s.mu.Lock()
	defer s.mu.Unlock()
	placed := make([]Placed, len(requests))
	used := s.usedLocked()
	var records [][]byte
	for at, request := range requests {
		body, err := proto.Marshal(&dlqspoolv1.SpooledMessage{Request: request, SpoolTime: timestamppb.Now()})
		size := int64(headBytes + len(body))
		switch {
		case err != nil:
			placed[at] = Unwritable
		case len(body) > mostBodyBytes:
			placed[at] = TooLong
		case used+size > s.settings.MaxBytes:
			placed[at] = Full
		default:
			used += size
			records = append(records, appendRecord(nil, letterType, body))
		}
	}
	if len(records) == 0 || s.writeLocked(records) {
		return placed
	}
	next := 0
	for at, request := range requests {
		if placed[at] == OnDisk {
			placed[at] = InMemory
			s.memory.add(request, int64(len(records[next])))
			next++
		}
	}
	return placed
}

// Finish says that those letters need not be delivered any more.
func (s *Shelf) Finish(store Store, positions []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := store.(*file)
	if !ok {
		s.memory.finish(positions)
		return
	}
	if !slices.Contains(s.files, f) {
		return
	}
	_ = f.finish(positions, s.settings.Sync) // else they are delivered twice, under one number
	if f.open == 0 {
		s.forgetLocked(f)
		f.remove()
	}
}

// Adopt takes over what processes that are gone have left.
func (s *Shelf) Adopt() {
	s.mu.Lock()
	held := map[string]bool{}
	for _, f := range s.files {
		held[f.path] = true
	}
	s.mu.Unlock()
	for _, path := range takeOrphans(s.folders, s.purpose, s.own, held) {
		s.adopt(path)
	}
}

func (s *Shelf) adopt(path string) {
	f, skipped, err := adoptFile(path)
	if err != nil {
		s.settings.Tell("can't read a spool file", "path", path, "error", err)
		return
	}
	if skipped > 0 {
		s.settings.Tell("passed over what is damaged of a spool file", "path", path, "bytes", skipped)
	}
	if f.open == 0 {
		f.remove()
		return
	}
	f.touch()
	_ = f.write(ownerRecord(s.purpose, s.own, time.Now()), s.settings.Sync)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
	slices.SortFunc(s.files, func(a, b *file) int { return strings.Compare(filepath.Base(a.path), filepath.Base(b.path)) })
}

// Touch says that the files have an owner, and lets go of those that somebody else has.
func (s *Shelf) Touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range slices.Clone(s.files) {
		if f.hasItsName() {
			f.touch()
		} else {
			s.letGoLocked(f)
		}
	}
}

// Release leaves the files to others, and gives what is in no file.
func (s *Shelf) Release() []*dlqv1.SendToDlqRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.release()
	}
	s.files, s.current = nil, nil
	return s.memory.clear()
}

// usedLocked is how many bytes are taken, by files of other processes too.
func (s *Shelf) usedLocked() int64 {
	used := s.memory.bytes
	own := map[string]bool{}
	for _, f := range s.files {
		used += f.size
		own[f.path] = true
	}
	folder, err := firstWritable(s.folders)
	if err != nil {
		return used // writing finds out, too
	}
	if folder != s.othersIn || time.Since(s.othersAt) > useStaleAfter {
		s.others = map[string]int64{}
		for _, listed := range listFolder(folder) {
			s.others[listed.path] = listed.size
		}
		s.othersIn, s.othersAt = folder, time.Now()
	}
	for path, size := range s.others {
		if !own[path] {
			used += size
		}
	}
	return used
}

// writeLocked gives false where there is no disk to write to.
func (s *Shelf) writeLocked(records [][]byte) bool {
	if !s.diskFailedAt.IsZero() && time.Since(s.diskFailedAt) < retryDiskAfter {
		return false
	}
	for range mostTries {
		f, err := s.fileLocked()
		if err == nil {
			start := append([]byte(header), ownerRecord(s.purpose, s.own, time.Now())...)
			err = f.append(records, start, s.settings.Sync)
		}
		if err != nil {
			s.failedLocked(err)
			return false
		}
		if f.hasItsName() {
			s.isInMemory = false
			return true
		}
		// Somebody has adopted it, maybe before it had these: once more.
		s.letGoLocked(f)
	}
	s.failedLocked(errors.New("files lose their names as soon as they are made"))
	return false
}

func (s *Shelf) failedLocked(err error) {
	s.diskFailedAt = time.Now()
	if f := s.current; f != nil && f.open == 0 {
		s.forgetLocked(f)
		f.remove()
	}
	s.current = nil
	if !s.isInMemory {
		s.settings.Tell("keeps letters in memory only, for no file can be written", "error", err)
	}
	s.isInMemory = true
}

func (s *Shelf) fileLocked() (*file, error) {
	if s.current != nil && s.current.size < fullFileBytes {
		return s.current, nil
	}
	failure := errors.New("no folder is known for it")
	for _, folder := range s.folders {
		if failure = os.MkdirAll(folder, 0o700); failure != nil {
			continue
		}
		f, err := makeFile(filepath.Join(folder, newFileName(time.Now().UnixMilli())))
		if failure = err; err == nil {
			s.files = append(s.files, f)
			s.current = f
			return f, nil
		}
	}
	return nil, failure
}

func (s *Shelf) letGoLocked(f *file) {
	s.forgetLocked(f)
	_ = f.disk.Close()
}

func (s *Shelf) forgetLocked(f *file) {
	s.files = slices.DeleteFunc(s.files, func(one *file) bool { return one == f })
	if s.current == f {
		s.current = nil
	}
}
