package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/backoff"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
	"google.golang.org/grpc/status"
)

const (
	defaultSpoolBytes = 256 * mib
	// spoolWriteBytes is what one write takes.
	spoolWriteBytes = 4 * mib
	// mostUnwrittenBytes may wait for a disk that is slow.
	mostUnwrittenBytes = 64 * mib
	adoptEvery         = 30 * time.Second
	touchEvery         = 20 * time.Second
	courierMessages    = 100
	courierBytes       = 3 * mib
	courierTryTimeout  = 5 * time.Second
	firstCourierPause  = 100 * time.Millisecond
	mostCourierPause   = 30 * time.Second
)

// courier keeps letters on the shelf while the service is away, and delivers them when it is back.
type courier struct {
	shelf     *spool.Shelf
	line      *line
	reach     *reachability
	onDropped func(err *Error, queue string)
	tell      func(words string, about ...any)

	// Each has room for one: more would say nothing more.
	start, hasten chan struct{}
	end           context.CancelFunc
	ended         sync.WaitGroup

	mu             sync.Mutex
	unwritten      []unwritten
	unwrittenBytes int
	isWriting      bool
	writers        sync.WaitGroup
}

type unwritten struct {
	request *dlqv1.SendToDlqRequest
	size    int
	placed  chan spool.Placed
}

func startCourier(settings spool.Settings, l *line, reach *reachability, onDropped func(*Error, string)) *courier {
	ctx, end := context.WithCancel(context.Background())
	c := &courier{
		shelf: spool.NewShelf(settings), line: l, reach: reach, onDropped: onDropped, tell: settings.Tell,
		start: make(chan struct{}, 1), hasten: make(chan struct{}, 1), end: end,
	}
	reach.onBack = func() { signal(c.hasten) }
	c.ended.Add(2)
	go c.lookAfter(ctx)
	go c.deliver(ctx)
	return c
}

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// keep waits until the letter has its place; letters that come together share a write.
func (c *courier) keep(request *dlqv1.SendToDlqRequest, size int) spool.Placed {
	one := unwritten{request, size, make(chan spool.Placed, 1)}
	c.mu.Lock()
	if size > mostUnwrittenBytes { // no record is
		c.mu.Unlock()
		return spool.TooLong
	}
	if c.unwrittenBytes+size > mostUnwrittenBytes {
		c.mu.Unlock()
		return spool.Full
	}
	c.unwritten = append(c.unwritten, one)
	c.unwrittenBytes += size
	if !c.isWriting {
		c.isWriting = true
		c.writers.Add(1)
		go c.writeAll()
	}
	c.mu.Unlock()
	return <-one.placed
}

func (c *courier) writeAll() {
	defer c.writers.Done()
	for {
		taken := c.take()
		if len(taken) == 0 {
			return
		}
		requests := make([]*dlqv1.SendToDlqRequest, len(taken))
		for at, one := range taken {
			requests[at] = one.request
		}
		for at, placed := range c.shelf.Append(requests) {
			taken[at].placed <- placed
		}
		signal(c.start)
	}
}

func (c *courier) take() []unwritten {
	c.mu.Lock()
	defer c.mu.Unlock()
	count, bytes := 0, 0
	for _, one := range c.unwritten {
		if count > 0 && bytes+one.size > spoolWriteBytes {
			break
		}
		bytes += one.size
		count++
	}
	taken := c.unwritten[:count:count]
	c.unwritten = c.unwritten[count:]
	c.unwrittenBytes -= bytes
	c.isWriting = count > 0
	return taken
}

// close leaves the files to whoever comes next. What is in memory only is lost, which is told.
func (c *courier) close() {
	c.end()
	c.ended.Wait()
	c.writers.Wait()
	for _, request := range c.shelf.Release() {
		c.onDropped(closedError(true), request.GetQueue())
	}
}

// lookAfter adopts what others have left, and shows that these files have an owner.
func (c *courier) lookAfter(ctx context.Context) {
	defer c.ended.Done()
	adopt, touch := time.NewTicker(adoptEvery), time.NewTicker(touchEvery)
	defer adopt.Stop()
	defer touch.Stop()
	c.adopt()
	for {
		select {
		case <-adopt.C:
			c.adopt()
		case <-touch.C:
			c.shelf.Touch()
		case <-ctx.Done():
			return
		}
	}
}

func (c *courier) adopt() {
	c.shelf.Adopt()
	if c.shelf.Count() > 0 {
		signal(c.start)
	}
}

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

// deliverAll goes once over everything. It gives false if something is to be tried again.
func (c *courier) deliverAll(ctx context.Context) bool {
	isAllDone := true
	for _, store := range c.shelf.Stores() {
		done, err := c.deliverFrom(ctx, store)
		if err != nil {
			return false // the service is away
		}
		isAllDone = isAllDone && done
	}
	return isAllDone
}

func (c *courier) deliverFrom(ctx context.Context, store spool.Store) (isAllDone bool, err error) {
	isAllDone = true
	for position := int64(-1); ; {
		letters, err := c.shelf.Read(store, position, courierMessages, courierBytes)
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
			c.reach.failed(began)
			return nil, away
		}
		c.reach.answered(began)
	} else {
		c.line.failed(w, failure.err)
		if !isAnswer(failure.err) {
			c.reach.failed(began)
			return nil, failure.err
		}
		if !cannotBeWritten(status.Convert(failure.err)) {
			c.reach.answered(began) // that it refuses is an answer, too
		}
		switch {
		case len(letters) == 1:
			answers = []sendAnswer{{err: failure.err}}
		case !isOfTheWholeCall(failure.err):
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
				continue
			}
			// Before it was kept, a try may have gone out.
			c.onDropped(refusalOf(answers[at].err, true), letter.Request.GetQueue())
		}
		done = append(done, letter.Position)
	}
	return done, nil
}
