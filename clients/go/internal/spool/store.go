package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqspoolv1"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// maxFileBytes is the size at which the next file begins. A file is removed when its last message is done.
	maxFileBytes = 16 << 20
	// retryDiskAfter is how long the store writes to memory only after a disk error.
	retryDiskAfter = 30 * time.Second
	// maxWriteTries limits the files that one write tries. Another process may claim the first one; if it claims
	// new ones too, the file system is faulty.
	maxWriteTries = 3
	// folderSizeAge is how long the measured size of the folder is used. Other processes write there, too.
	folderSizeAge = time.Second
)

// Result is where a message was stored, or why it was not.
type Result int

// Results.
const (
	OnDisk      Result = iota
	InMemory           // lost if the process ends
	NoRoom             // MaxBytes is reached
	TooLarge           // longer than a record can be
	Unencodable        // no protobuf message can hold a value of it
)

// Message is a spooled message. Its request is nil if the record on disk is damaged.
type Message struct {
	Position int64
	Request  *dlqv1.SendToDlqRequest
}

// Source is a spool file or the in-memory fallback.
type Source interface {
	// Name returns the name of the file, or "memory".
	Name() string
	read(after int64, maxMessages, maxBytes int) ([]Message, error)
}

// Settings are the settings of a [Store].
type Settings struct {
	Target, Service string
	Folder          string
	MaxBytes        int64
	Sync            bool
	// Warn logs a text for the operator.
	Warn func(text string)
	// Info logs a text that needs no action.
	Info func(text string)
}

// Store holds the spooled messages of a client: its spool files, and the in-memory fallback.
type Store struct {
	settings Settings
	folders  []string
	scope    scope
	own      identity

	mu           sync.Mutex
	memory       memoryFallback
	files        []*file // oldest first
	current      *file   // messages are appended to it
	diskFailedAt time.Time
	usesMemory   bool   // since the latest write
	warning      string // of LogWarning
	// Sizes of all files of a folder, measured at sizesAt.
	sizes       map[string]int64
	sizesFolder string
	sizesAt     time.Time
}

// NewStore returns a store. It does not touch the disk before the first Append or RecoverOrphans.
func NewStore(s Settings) *Store {
	return &Store{
		settings: s,
		folders:  candidateFolders(s.Folder, s.Service),
		scope:    scope{s.Target, s.Service},
		own:      ownIdentity(),
	}
}

// Count returns how many messages are still to be sent.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := s.memory.open
	for _, f := range s.files {
		count += f.open
	}
	return count
}

// Sources returns all sources, oldest first.
func (s *Store) Sources() []Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sources []Source
	for _, f := range s.files {
		sources = append(sources, f)
	}
	return append(sources, &s.memory)
}

// Read returns the oldest messages of a source after a position. A message larger than maxBytes is returned
// alone.
func (s *Store) Read(source Source, after int64, maxMessages, maxBytes int) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return source.read(after, maxMessages, maxBytes)
}

// Append stores requests and returns one result for each, in order.
func (s *Store) Append(requests []*dlqv1.SendToDlqRequest) []Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	results := make([]Result, len(requests))
	used := s.usedLocked()
	var records [][]byte
	for i, request := range requests {
		body, err := proto.Marshal(&dlqspoolv1.SpooledMessage{Request: request, SpoolTime: timestamppb.Now()})
		size := int64(headBytes + len(body))
		switch {
		case err != nil:
			results[i] = Unencodable
		case len(body) > maxBodyBytes:
			results[i] = TooLarge
		case used+size > s.settings.MaxBytes:
			results[i] = NoRoom
		default:
			used += size
			records = append(records, appendRecord(nil, messageType, body))
		}
	}
	if len(records) == 0 || s.writeLocked(records) {
		return results
	}
	next := 0
	for i, request := range requests {
		if results[i] == OnDisk {
			results[i] = InMemory
			s.memory.add(request, int64(len(records[next])))
			next++
		}
	}
	return results
}

// LogWarning logs once that Append could not write a file. Append itself does not log, because a log handler may send,
// and so wait for another Append.
func (s *Store) LogWarning() {
	s.mu.Lock()
	warning := s.warning
	s.warning = ""
	s.mu.Unlock()
	if warning != "" {
		s.settings.Warn(warning)
	}
}

// MarkDone records that messages need not be sent any more, and removes a file with no other messages.
func (s *Store) MarkDone(source Source, positions []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := source.(*file)
	if !ok {
		s.memory.markDone(positions)
		return
	}
	if !slices.Contains(s.files, f) {
		return
	}
	// If this fails, the messages are sent again under their numbers, and the service detects the duplicates.
	_ = f.writeDone(positions, s.settings.Sync)
	if f.open == 0 {
		s.removeLocked(f)
	}
}

// Touch shows other processes that the files have an owner, and closes files that another process has claimed.
func (s *Store) Touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range slices.Clone(s.files) {
		if f.isOwned() {
			f.touch()
		} else {
			s.closeLocked(f)
		}
	}
}

// Release offers the files to other processes at once. It returns the requests that are in memory only.
func (s *Store) Release() []*dlqv1.SendToDlqRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.release()
	}
	s.files, s.current = nil, nil
	return s.memory.clear()
}

// usedLocked returns the bytes in use, including files of other processes.
func (s *Store) usedLocked() int64 {
	used := s.memory.bytes
	own := map[string]bool{}
	for _, f := range s.files {
		used += f.size
		own[f.path] = true
	}
	folder, err := firstWritable(s.folders)
	if err != nil {
		return used // the write fails, too, and reports it
	}
	if folder != s.sizesFolder || time.Since(s.sizesAt) > folderSizeAge {
		s.sizes = map[string]int64{}
		for _, listed := range listFolder(folder) {
			s.sizes[listed.path] = listed.size
		}
		s.sizesFolder, s.sizesAt = folder, time.Now()
	}
	for path, size := range s.sizes {
		if !own[path] {
			used += size
		}
	}
	return used
}

// writeLocked reports whether the records were written to disk.
func (s *Store) writeLocked(records [][]byte) bool {
	if !s.diskFailedAt.IsZero() && time.Since(s.diskFailedAt) < retryDiskAfter {
		return false
	}
	for range maxWriteTries {
		f, err := s.fileLocked()
		if err == nil {
			start := append([]byte(header), ownerRecord(s.scope, s.own, time.Now())...)
			err = f.append(records, start, s.settings.Sync)
		}
		if err != nil {
			s.diskFailedLocked(err)
			return false
		}
		if f.isOwned() {
			s.usesMemory = false
			return true
		}
		// Another process has claimed the file, perhaps before it had these records: write them again.
		s.closeLocked(f)
	}
	s.diskFailedLocked(errors.New("new files lose their names"))
	return false
}

func (s *Store) diskFailedLocked(err error) {
	s.diskFailedAt = time.Now()
	if f := s.current; f != nil && f.open == 0 {
		s.removeLocked(f)
	}
	s.current = nil
	if !s.usesMemory {
		s.warning = fmt.Sprintf(
			"cannot write a spool folder (%v); keeping messages in memory, which are lost if the process ends", err)
	}
	s.usesMemory = true
}

// fileLocked returns the current file, or creates one in the first folder where that works.
func (s *Store) fileLocked() (*file, error) {
	if s.current != nil && s.current.size < maxFileBytes {
		return s.current, nil
	}
	failure := errNoFolder
	for _, folder := range s.folders {
		if failure = os.MkdirAll(folder, 0o700); failure != nil {
			continue
		}
		f, err := createFile(filepath.Join(folder, newFileName(time.Now().UnixMilli())))
		if failure = err; err == nil {
			s.files = append(s.files, f)
			s.current = f
			return f, nil
		}
	}
	return nil, failure
}

func (s *Store) removeLocked(f *file) {
	s.forgetLocked(f)
	f.remove()
}

// closeLocked closes a file that another process has claimed.
func (s *Store) closeLocked(f *file) {
	s.forgetLocked(f)
	_ = f.disk.Close()
}

func (s *Store) forgetLocked(f *file) {
	s.files = slices.DeleteFunc(s.files, func(other *file) bool { return other == f })
	if s.current == f {
		s.current = nil
	}
}
