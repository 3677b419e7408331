package dlq

// maxSeenEvents is much more than the events between two resume tokens.
const maxSeenEvents = 10_000

// seenEvents are the ids of the latest events of followed messages. After a reconnect, events since the last resume
// token come again.
type seenEvents struct {
	ids    map[string]bool
	latest []string // a ring
	oldest int
}

// add returns false if the event was seen before.
func (s *seenEvents) add(id string) bool {
	if s.ids[id] {
		return false
	}
	if s.ids == nil {
		s.ids = map[string]bool{}
	}
	s.ids[id] = true
	if len(s.latest) < maxSeenEvents {
		s.latest = append(s.latest, id)
		return true
	}
	delete(s.ids, s.latest[s.oldest])
	s.latest[s.oldest] = id
	s.oldest = (s.oldest + 1) % maxSeenEvents
	return true
}
