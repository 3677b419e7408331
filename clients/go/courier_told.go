package dlq

import "time"

// tellEvery is how often at most somebody is told that letters wait.
const tellEvery = time.Minute

// tellOf: somebody has to mend what is refused, such as a token, or why nobody is reached, such as a target, and
// nothing else would say so.
func (c *courier) tellOf(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	isEarly := time.Since(c.toldAt) < tellEvery
	if !isEarly {
		c.toldAt = time.Now()
	}
	c.mu.Unlock()
	if isEarly {
		return
	}
	if isWorthAgain(err) {
		c.tell("keeps what can't be delivered: " + wordsOf(err))
		return
	}
	c.tell("keeps what is refused", "error", refusalOf(err, true))
}
