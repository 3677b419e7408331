package spool

import "time"

// Usage is what is still to be sent.
type Usage struct {
	Messages int
	Bytes    int64
	// OldestAge is the age of the oldest file or message in memory. It is 0 if there is none.
	OldestAge time.Duration
}

// Usage returns what is still to be sent. It does not count files of other processes.
func (s *Store) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	usage := Usage{Messages: s.memory.open, Bytes: s.memory.bytes}
	if len(s.memory.messages) > 0 {
		usage.OldestAge = time.Since(s.memory.messages[0].added)
	}
	for _, f := range s.files {
		if f.open == 0 {
			continue
		}
		usage.Messages += f.open
		usage.Bytes += f.size
		if parts, ok := partsOf(f.Name()); ok {
			usage.OldestAge = max(usage.OldestAge, time.Since(time.UnixMilli(parts.millis)))
		}
	}
	return usage
}
