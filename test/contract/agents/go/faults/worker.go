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

const maxWork = 20 * time.Millisecond

// Work runs a worker that handles each message by its plan.
func Work(args []string) error {
	set := flag.NewFlagSet("worker", flag.ContinueOnError)
	var flags sharedFlags
	concurrency := set.Int("concurrency", 16, "number of concurrent handlers")
	leaseMs := set.Int64("lease-ms", 2_000, "lease of each delivery")
	if err := flags.parse(set, args); err != nil {
		return err
	}
	lease := time.Duration(*leaseMs) * time.Millisecond
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer end()
	h, err := openHistory(flags.out, flags.name, "worker")
	if err != nil {
		return err
	}
	rec := &recorder{history: h, onSent: func(string) {}}
	client, err := dlq.New(flags.address, dlq.WithoutSpool(), dlq.WithDialOptions(rec.dialOptions()...))
	if err != nil {
		return err
	}
	worker := client.Worker(flags.queues,
		dlq.WithConcurrency(*concurrency), dlq.WithLease(lease), dlq.WithWorkerID(flags.name),
		dlq.WithDrainTimeout(3*lease),
		dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}), // the history has the failed calls
	)
	handler := &planHandler{lease: lease, random: rand.New(rand.NewPCG(flags.seed, 1))}
	if err := worker.Run(stop, handler.handle); err != nil {
		return err
	}
	if err := client.Close(context.Background()); err != nil {
		return err
	}
	if err := rec.waitUntilEnded(); err != nil {
		return err
	}
	h.write("ended", nil)
	return nil
}

// planHandler handles a message by its plan: see PLANS in test/faults/history/event.ts. The texts are the same in
// all languages.
type planHandler struct {
	lease  time.Duration
	mu     sync.Mutex
	random *rand.Rand
}

func (h *planHandler) handle(ctx context.Context, d *dlq.Delivery) error {
	var c content
	if err := d.Payload.JSON(&c); err != nil {
		return err
	}
	if err := sleep(ctx, h.workTime()); err != nil {
		return err
	}
	switch {
	case c.Plan == "fail1" && d.Attempt == 1, c.Plan == "fail2" && d.Attempt <= 2, c.Plan == "exhaust":
		return fmt.Errorf("it fails by plan %s", c.Plan)
	case c.Plan == "slow":
		return sleep(ctx, h.lease*3/2)
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

// workTime returns a random time up to maxWork.
func (h *planHandler) workTime() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Duration(h.random.Int64N(int64(maxWork)))
}

// sleep returns early with the cause of the end of ctx.
func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
