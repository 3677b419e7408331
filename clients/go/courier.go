package dlq

import (
	"context"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"github.com/dlq-service/dlq/clients/go/internal/spool"
)

const (
	defaultSpoolBytes = 256 * mib
	// spoolWriteBytes is what one write takes.
	spoolWriteBytes = 4 * mib
	// mostUnwrittenBytes may wait for a disk that is slow.
	mostUnwrittenBytes = 64 * mib
	adoptEvery         = 30 * time.Second
	touchEvery         = 20 * time.Second
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
	size          callSize // of the goroutine that delivers
	pass          passTime // likewise
	end           context.CancelFunc
	ended         sync.WaitGroup

	mu             sync.Mutex
	unwritten      []unwritten
	unwrittenBytes int
	isWriting      bool
	writers        sync.WaitGroup
	toldAt         time.Time // when it last said that something waits
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
		size: newCallSize(), pass: passTime{most: mostCourierPause},
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
		c.onDropped(closedError(nil, true), request.GetQueue())
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
