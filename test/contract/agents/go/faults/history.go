// Package faults has the actors of the fault suite with the Go client: a producer and a worker. They record all
// calls in a history file.
package faults

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

type fields = map[string]any

// history is the history file of an actor: lines of JSON, described in test/faults/history/event.ts. Each line is
// written at once and before its act, so a killed process loses at most its last line.
type history struct {
	mu   sync.Mutex
	file *os.File
}

func openHistory(path, actor, role string) (*history, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	h := &history{file: file}
	h.write("started", fields{"actor": actor, "role": role, "language": "go"})
	return h, nil
}

// write panics if it fails, because a gap in the history would mislead the checker.
func (h *history) write(event string, values fields) {
	h.mu.Lock() // before the time is read, so that lines are in order of time
	defer h.mu.Unlock()
	entry := fields{"e": event, "at": msOf(time.Now())}
	for name, value := range values {
		entry[name] = value
	}
	line, err := json.Marshal(entry)
	if err == nil {
		_, err = h.file.Write(append(line, '\n'))
	}
	if err != nil {
		panic(err)
	}
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// msOf returns a time in ms, as in the history.
func msOf(at time.Time) float64 { return float64(at.UnixMicro()) / 1_000 }

// msOfStamp returns 0 for nil.
func msOfStamp(stamp *timestamppb.Timestamp) float64 {
	if stamp == nil {
		return 0
	}
	return msOf(stamp.AsTime())
}
