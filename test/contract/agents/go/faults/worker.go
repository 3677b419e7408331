package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/dlq-service/dlq/clients/go"
)

const longestWork = 20 * time.Millisecond

// Work is a worker as users have it: the client, doing with each message what its plan says.
func Work(args []string) error {
	set := flag.NewFlagSet("worker", flag.ContinueOnError)
	var given shared
	concurrency := set.Int("concurrency", 16, "handlers at a time")
	leaseMs := set.Int64("lease-ms", 2_000, "of each delivery")
	if err := given.parse(set, args); err != nil {
		return err
	}
	lease := time.Duration(*leaseMs) * time.Millisecond
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer end()
	h, err := openHistory(given.out, given.name, "worker")
	if err != nil {
		return err
	}
	record := &recording{history: h, onSent: func(string) {}}
	client, err := dlq.New(given.address, dlq.WithoutSpool(), dlq.WithDialOptions(record.dialOptions()...))
	if err != nil {
		return err
	}
	worker := client.Worker(given.queues,
		dlq.WithConcurrency(*concurrency), dlq.WithLease(lease), dlq.WithWorkerID(given.name),
		dlq.WithDrainTimeout(3*lease),
		dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}), // the history has what was not answered
	)
	hands := &hands{lease: lease, chance: rand.New(rand.NewPCG(given.seed, 1))}
	if err := worker.Run(stop, hands.work); err != nil {
		return err
	}
	if err := client.Close(context.Background()); err != nil {
		return err
	}
	if err := record.waitUntilEnded(); err != nil {
		return err
	}
	h.write("ended", nil)
	return nil
}

// hands do what a message's plan says: see PLANS in history/event.ts.
type hands struct {
	lease  time.Duration
	mu     sync.Mutex
	chance *rand.Rand
}

func (h *hands) work(ctx context.Context, d *dlq.Delivery) error {
	var c content
	if err := d.Payload.JSON(&c); err != nil {
		return err
	}
	if err := pause(ctx, h.pause()); err != nil {
		return err
	}
	switch {
	case c.Plan == "fail1" && d.Attempt == 1, c.Plan == "fail2" && d.Attempt <= 2, c.Plan == "exhaust":
		return fmt.Errorf("it fails by plan %s", c.Plan)
	case c.Plan == "slow":
		return pause(ctx, h.lease*3/2)
	case c.Plan == "release" && d.DeliveryNumber == 1:
		return dlq.Release(0)
	case c.Plan == "bad":
		return dlq.NonRetryable(errors.New("it fails for good"))
	case c.Plan == "discard":
		return dlq.Discard("of no use")
	case c.Plan == "quarantine":
		return dlq.Quarantine("a human must look")
	default:
		return nil
	}
}

func (h *hands) pause() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Duration(h.chance.Int64N(int64(longestWork)))
}

func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
