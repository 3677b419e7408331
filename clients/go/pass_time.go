package dlq

import "time"

// passTime is when a pass over the spool has to end for the sake of what it has left: there may be ever more others.
// What the pass before had left comes first, and takes nothing of the time of others.
type passTime struct {
	most                    time.Duration // for others, while something is left
	leftBefore, tried, left int
	othersBegan             time.Time
}

func (p *passTime) begins() { *p = passTime{most: p.most, leftBefore: p.left} }

// went says of letters how many of them are to be tried again.
func (p *passTime) went(letters, again int) {
	p.tried += letters
	p.left += again
	if p.othersBegan.IsZero() && p.tried > p.leftBefore {
		p.othersBegan = time.Now()
	}
}

func (p *passTime) isOver() bool {
	return p.left > 0 && !p.othersBegan.IsZero() && time.Since(p.othersBegan) >= p.most
}
