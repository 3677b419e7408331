package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/protobuf/types/known/durationpb"
)

var errShop = errors.New("shop.example did not answer within 5 s")

// client is the load by the Go client, as its users write it.
type client struct{ *dlq.Client }

func connect(address string) (*client, error) {
	c, err := dlq.New(address, dlq.WithoutSpool())
	return &client{c}, err
}

func (c *client) run(ctx context.Context, order command, t *tally) (result, error) {
	switch order.Op {
	case "send":
		send := sending(c.send)
		if order.API != "client" {
			send = c.sendBatch
		}
		err := callers(order, send, t)
		return t.inAll(), err
	case "consume":
		err := c.consume(ctx, order, t)
		return t.inAll(), err
	case "left":
		return c.left(ctx, order)
	default:
		return result{}, fmt.Errorf("this load process knows no %s", order.Op)
	}
}

// sending is one call, with a message for each of those queues.
type sending func(queues []string, text string) error

// callers each wait for their own call. By the client a call is a message, so that there are as many callers as
// batches would have messages.
func callers(order command, send sending, t *tally) error {
	names, text := order.queueNames(), payloadText(order.Bytes)
	count, batch := order.InFlight, order.Batch
	if order.API == "client" {
		count, batch = count*batch, 1
	}
	numbers := newNumbers(order)
	failures := make(chan error, count)
	var all sync.WaitGroup
	for range count {
		all.Add(1)
		go func() {
			defer all.Done()
			for first, some := numbers.next(batch); some > 0; first, some = numbers.next(batch) {
				began := time.Now()
				queues := make([]string, some)
				for at := range queues {
					queues[at] = names[(first+at)%len(names)]
				}
				if err := send(queues, text); err != nil {
					failures <- err
					return
				}
				t.took(time.Since(began))
				t.add(some)
			}
		}()
	}
	all.Wait()
	close(failures)
	return <-failures
}

func (c *client) send(queues []string, text string) error {
	_, err := c.Send(context.Background(), queues[0], text, errShop, dlq.WithDelay(0))
	return err
}

// sendBatch is by the bare stubs. Each message is due at once.
func (c *client) sendBatch(queues []string, text string) error {
	batch := &dlqv1.SendToDlqBatchRequest{}
	for _, queue := range queues {
		batch.Requests = append(batch.Requests, &dlqv1.SendToDlqRequest{
			Queue: queue, Payload: &dlqv1.Payload{Body: &dlqv1.Payload_Text{Text: text}},
			Failure:    &dlqv1.Failure{Type: "ConnectTimeout", Message: errShop.Error()},
			FirstRetry: &dlqv1.SendToDlqRequest_Delay{Delay: durationpb.New(0)},
		})
	}
	response, err := c.Stubs().SendToDlqBatch(context.Background(), batch)
	if err != nil {
		return err
	}
	for _, one := range response.GetResults() {
		if one.GetResponse() == nil {
			return fmt.Errorf("refused: %v", one.GetError())
		}
	}
	return nil
}

func (c *client) consume(ctx context.Context, order command, t *tally) error {
	handler := func(context.Context, *dlq.Delivery) error { return nil }
	if order.Outcome == "fail" {
		handler = func(context.Context, *dlq.Delivery) error { return dlq.RetryAfter(errShop, time.Hour) }
	}
	count := max(order.Workers, 1)
	ends := make(chan error, count)
	for range count {
		worker := c.Worker(order.queueNames(),
			// It holds as many again, which wait for a handler.
			dlq.WithConcurrency((order.InFlight+1)/2),
			dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { t.add(1) }))
		go func() { ends <- worker.Run(ctx, handler) }()
	}
	var all []error
	for range count {
		all = append(all, <-ends)
	}
	return errors.Join(all...)
}

func (c *client) left(ctx context.Context, order command) (result, error) {
	stats, err := c.Stubs().Stats(ctx, &dlqv1.StatsRequest{Queues: order.queueNames()})
	if err != nil {
		return result{}, err
	}
	count := int64(0)
	for _, queue := range stats.GetQueues() {
		count += queue.GetDueNow() + queue.GetInFlight()
	}
	return result{Count: int(count)}, nil
}

// numbers of messages, until there are enough or the time is over.
type numbers struct {
	given atomic.Int64
	most  int64
	end   time.Time
}

func newNumbers(order command) *numbers {
	n := &numbers{end: time.Now().Add(24 * time.Hour), most: math.MaxInt64}
	if order.Count != nil {
		n.most = int64(*order.Count)
	}
	if order.Seconds != nil {
		n.end = time.Now().Add(time.Duration(*order.Seconds * float64(time.Second)))
	}
	return n
}

// next gives the first of the next few, and how many there are; none once it is over.
func (n *numbers) next(batch int) (first, count int) {
	if !time.Now().Before(n.end) {
		return 0, 0
	}
	size := int64(max(batch, 1))
	end := n.given.Add(size)
	start := end - size
	return int(start), int(max(0, min(size, n.most-start)))
}

// payloadText is of random letters, so that nothing compresses it to nothing.
func payloadText(size int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	text := make([]byte, size)
	for at := range text {
		text[at] = letters[rand.IntN(len(letters))]
	}
	return string(text)
}
