package dlq

import (
	"context"
	"errors"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/grpc/status"
)

const (
	courierMessages   = 100
	courierTryTimeout = 5 * time.Second
	firstCourierPause = 100 * time.Millisecond
	mostCourierPause  = 30 * time.Second
)

var errPassOver = errors.New("what was left is to be tried again")

// deliver goes on until the context ends: soon after something was kept, and at once when the service is
// known to be there.
func (c *courier) deliver(ctx context.Context) {
	defer c.ended.Done()
	pause := backoff.New(firstCourierPause, mostCourierPause)
	for {
		if c.shelf.Count() == 0 {
			select {
			case <-c.start:
			case <-ctx.Done():
				return
			}
		}
		timer := time.NewTimer(pause.Next())
		select {
		case <-timer.C:
		case <-c.hasten:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if c.deliverAll(ctx) {
			pause.Reset()
		}
	}
}

// deliverAll goes once over everything. It gives false if something is to be tried again, but not at once.
func (c *courier) deliverAll(ctx context.Context) bool {
	isAllDone := true
	c.pass.begins()
	for _, store := range c.shelf.Stores() {
		done, err := c.deliverFrom(ctx, store)
		if errors.Is(err, errPassOver) {
			return true // what it left has waited long enough
		}
		if err != nil {
			return false // the service is away
		}
		isAllDone = isAllDone && done
	}
	return isAllDone
}

// deliverFrom goes on while letters come. Where it has left some these would not be tried again, so a pass in which
// others take long ends: the next one begins with them, and gets further.
func (c *courier) deliverFrom(ctx context.Context, store spool.Store) (isAllDone bool, err error) {
	isAllDone = true
	for position := int64(-1); ; {
		letters, err := c.shelf.Read(store, position, courierMessages, int(c.size))
		if err != nil {
			return false, nil //nolint:nilerr // of this file, maybe taken meanwhile; the others may be read
		}
		if len(letters) == 0 {
			return isAllDone, nil
		}
		position = letters[len(letters)-1].Position
		var finished []int64
		var readable []spool.Letter
		for _, letter := range letters {
			if letter.Request == nil {
				finished = append(finished, letter.Position)
			} else {
				readable = append(readable, letter)
			}
		}
		if len(finished) > 0 {
			c.tell("has lost letters, for their file is damaged", "letters", len(finished))
		}
		done, err := c.send(ctx, readable)
		finished = append(finished, done...)
		if len(finished) > 0 {
			c.shelf.Finish(store, finished)
		}
		if err != nil {
			return false, err
		}
		isAllDone = isAllDone && len(finished) == len(letters)
		c.pass.went(len(letters), len(letters)-len(finished))
		if c.pass.isOver() {
			return false, errPassOver
		}
	}
}

// send gives the positions of those that need not be tried again; it fails where the service can't be
// reached.
func (c *courier) send(ctx context.Context, letters []spool.Letter) (done []int64, err error) {
	if len(letters) == 0 {
		return nil, nil
	}
	requests := make([]*dlqv1.SendToDlqRequest, len(letters))
	for at, letter := range letters {
		requests[at] = letter.Request
	}
	w, began := c.line.wire(), time.Now()
	answers, failure := callSend(ctx, w, requests, courierTryTimeout)
	if ctx.Err() != nil && failure != nil {
		return nil, ctx.Err()
	}
	if failure == nil {
		if away := withoutService(answers); away != nil {
			c.reach.failed(began, away)
			c.tellOf(away)
			return nil, away
		}
		c.reach.heard(began)
		c.size.answered(time.Since(began))
	} else {
		c.line.failed(w, failure.err)
		if !isAnswer(failure.err) {
			c.reach.failed(began, failure.err)
			c.tellOf(failure.err)
			if failure.wentOut {
				c.size.unanswered()
			}
			return nil, failure.err
		}
		if !cannotBeWritten(status.Convert(failure.err)) {
			c.reach.heard(began) // that it refuses is an answer, too
		}
		switch {
		case len(letters) == 1:
			answers = []sendAnswer{{err: failure.err}}
		case !isOfTheWholeCall(failure.err):
			c.tellOf(failure.err)
			return nil, failure.err
		default:
			// One of them spoils it for all; the halves find out which.
			middle := len(letters) / 2
			first, err := c.send(ctx, letters[:middle])
			if err != nil {
				return first, err
			}
			second, err := c.send(ctx, letters[middle:])
			return append(first, second...), err
		}
	}
	for at, letter := range letters {
		if answers[at].err != nil {
			if !isForGood(answers[at].err) {
				c.tellOf(answers[at].err)
				continue
			}
			// Before it was kept, a try may have gone out.
			c.onDropped(refusalOf(answers[at].err, true), letter.Request.GetQueue())
		}
		done = append(done, letter.Position)
	}
	return done, nil
}
