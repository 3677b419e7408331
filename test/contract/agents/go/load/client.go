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

// client runs the commands of the benchmark with the Go client.
type client struct{ *dlq.Client }

func connect(address string) (*client, error) {
	c, err := dlq.New(address, dlq.WithoutSpool(), dlq.WithSendTimeout(time.Minute))
	return &client{c}, err
}

func (c *client) run(ctx context.Context, cmd command, t *tally) (result, error) {
	switch cmd.Op {
	case "send":
		send := sendFunc(c.send)
		if cmd.API != "client" {
			send = c.sendBatch
		}
		err := runCallers(cmd, send, t)
		return t.total(), err
	case "consume":
		err := c.consume(ctx, cmd, t)
		return t.total(), err
	case "left":
		return c.left(ctx, cmd)
	default:
		return result{}, fmt.Errorf("unknown command %s", cmd.Op)
	}
}

// sendFunc makes one call with a message for each queue.
type sendFunc func(queues []string, text string) error

// runCallers runs callers that each wait for their own call. The client sends one message a call, so there are as
// many callers as batches would have messages.
func runCallers(cmd command, send sendFunc, t *tally) error {
	names, text := cmd.queueNames(), payloadText(cmd.Bytes)
	count, batch := cmd.InFlight, cmd.Batch
	if cmd.API == "client" {
		count, batch = count*batch, 1
	}
	numbers := newNumbers(cmd)
	failures := make(chan error, count)
	var all sync.WaitGroup
	for range count {
		all.Add(1)
		go func() {
			defer all.Done()
			for first, some := numbers.next(batch); some > 0; first, some = numbers.next(batch) {
				began := time.Now()
				queues := make([]string, some)
				for i := range queues {
					queues[i] = names[(first+i)%len(names)]
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

// sendBatch uses the generated stubs. Each message is due at once.
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

func (c *client) consume(ctx context.Context, cmd command, t *tally) error {
	handler := func(context.Context, *dlq.Delivery) error { return nil }
	if cmd.Outcome == "fail" {
		handler = func(context.Context, *dlq.Delivery) error { return dlq.RetryAfter(errShop, time.Hour) }
	}
	count := max(cmd.Workers, 1)
	ends := make(chan error, count)
	for range count {
		worker := c.Worker(cmd.queueNames(),
			// The worker prefetches as many again.
			dlq.WithConcurrency((cmd.InFlight+1)/2),
			dlq.WithOnSettled(func(*dlq.Delivery, dlq.Settled) { t.add(1) }))
		go func() { ends <- worker.Run(ctx, handler) }()
	}
	var all []error
	for range count {
		all = append(all, <-ends)
	}
	return errors.Join(all...)
}

// left counts the messages that are due or in flight.
func (c *client) left(ctx context.Context, cmd command) (result, error) {
	stats, err := c.Stubs().Stats(ctx, &dlqv1.StatsRequest{Queues: cmd.queueNames()})
	if err != nil {
		return result{}, err
	}
	count := int64(0)
	for _, queue := range stats.GetQueues() {
		count += queue.GetDueNow() + queue.GetInFlight()
	}
	return result{Count: int(count)}, nil
}

// numbers numbers messages until a count or a time is reached.
type numbers struct {
	used  atomic.Int64
	count int64
	end   time.Time
}

func newNumbers(cmd command) *numbers {
	n := &numbers{end: time.Now().Add(24 * time.Hour), count: math.MaxInt64}
	if cmd.Count != nil {
		n.count = int64(*cmd.Count)
	}
	if cmd.Seconds != nil {
		n.end = time.Now().Add(time.Duration(*cmd.Seconds * float64(time.Second)))
	}
	return n
}

// next returns the first of the next numbers and how many there are. The count is 0 at the end.
func (n *numbers) next(batch int) (first, count int) {
	if !time.Now().Before(n.end) {
		return 0, 0
	}
	size := int64(max(batch, 1))
	end := n.used.Add(size)
	start := end - size
	return int(start), int(max(0, min(size, n.count-start)))
}

// payloadText returns random text, which does not compress well.
func payloadText(size int) string {
	const characters = "abcdefghijklmnopqrstuvwxyz0123456789"
	text := make([]byte, size)
	for i := range text {
		text[i] = characters[rand.IntN(len(characters))]
	}
	return string(text)
}
