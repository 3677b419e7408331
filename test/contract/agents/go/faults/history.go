// Package faults has the actors of the fault suite that use the client: a producer and a worker, which write down
// what goes over the wire.
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

// history is an actor's file, a JSON object a line, as test/faults/history/event.ts says. A line is written before
// the act that it announces, and at once, so that a process that is killed loses its last line at most.
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

// write panics where it can't: a history with a gap would have the checker believe what never was.
func (h *history) write(event string, about fields) {
	h.mu.Lock() // the time is taken inside, so that lines are in the order of their times
	defer h.mu.Unlock()
	entry := fields{"e": event, "at": msOf(time.Now())}
	for name, value := range about {
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

// newRequest is a random UUID, as request ids are.
func newRequest() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// msOf is an instant as the history has it.
func msOf(at time.Time) float64 { return float64(at.UnixMicro()) / 1_000 }

// msOfStamp is 0 where there is none.
func msOfStamp(stamp *timestamppb.Timestamp) float64 {
	if stamp == nil {
		return 0
	}
	return msOf(stamp.AsTime())
}
