package faults

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dlq-service/dlq/clients/go"
)

const (
	// maxPending bounds pending sends: a slow machine answers so many before their deadline. Further sends
	// come later.
	maxPending = 500
	// maxSpooled lets the spool empty in time, however slow the machine is. Further sends come later.
	maxSpooled = 20_000
	// emptyWithin is how long the spool may take to become empty after the last fault.
	emptyWithin = 180 * time.Second
)

var errBroke = errors.New("it broke")

// Produce sends messages at a steady rate with a client that has a spool.
//
// It returns an error if a send was dropped or stays in the spool, unless the service refused it, or if the
// service did not answer a send.
func Produce(args []string) error {
	set := flag.NewFlagSet("producer", flag.ContinueOnError)
	var flags sharedFlags
	count := set.Int("messages", 0, "number of messages")
	rate := set.Float64("rate", 100, "messages per second")
	plans := set.String("plans", "{}", "JSON object of plans and weights")
	if err := flags.parse(set, args); err != nil {
		return err
	}
	weights := map[string]float64{}
	if err := json.Unmarshal([]byte(*plans), &weights); err != nil {
		return err
	}
	if len(weights) == 0 || *rate <= 0 {
		return errors.New("give --plans and --rate")
	}
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer end()
	h, err := openHistory(flags.out, flags.name, "producer")
	if err != nil {
		return err
	}
	t := &tally{unanswered: map[string]bool{}}
	rec := &recorder{history: h, onSent: t.sent}
	spool := strings.TrimSuffix(flags.out, filepath.Ext(flags.out)) + ".spool-folder"
	client, err := dlq.New(flags.address, dlq.WithSpool(dlq.Spool{Folder: spool}),
		dlq.WithOnDropped(t.dropped), dlq.WithDialOptions(rec.dialOptions()...))
	if err != nil {
		return err
	}
	produce(stop, client, t, newGenerator(flags.name, flags.queues, weights, flags.seed), *count, *rate)
	ctx := context.Background()
	if err := client.Flush(ctx); err != nil {
		return err
	}
	if err := waitUntilEmpty(spool); err != nil {
		return err
	}
	if err := client.Close(ctx); err != nil {
		return err
	}
	if err := rec.waitUntilEnded(); err != nil {
		return err
	}
	h.write("ended", nil)
	return t.check()
}

func produce(stop context.Context, client *dlq.Client, t *tally, g *generator, count int, rate float64) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	before := time.Now()
	due := 0.0 // messages to send by now
	for g.count < count && stop.Err() == nil {
		now := time.Now()
		due += now.Sub(before).Seconds() * rate
		before = now
		if client.Status().Spool.Messages >= maxSpooled {
			due = 0
		}
		for ; due >= 1 && g.count < count; due-- {
			if t.pending() >= maxPending {
				due = 0
				break
			}
			m := g.next()
			options := append(m.options, dlq.WithRequestID(t.begin()))
			sent := client.SendAsync(context.Background(), m.queue, m.text, errBroke, options...)
			go func() {
				_, _ = sent.Result() // dropped counts the errors
				t.settled()
			}()
		}
		<-ticker.C
	}
}

// waitUntilEmpty waits until the spool has no files. It returns an error after emptyWithin.
func waitUntilEmpty(spool string) error {
	for late := time.Now().Add(emptyWithin); ; time.Sleep(pollInterval) {
		left := ""
		_ = filepath.WalkDir(spool, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".spool") {
				left = path
			}
			return nil
		})
		if left == "" {
			return nil
		}
		if time.Now().After(late) {
			return fmt.Errorf("spool file %s still has messages after %v", left, emptyWithin)
		}
	}
}

// tally counts the results of the sends.
type tally struct {
	mu            sync.Mutex
	begun, ended  int
	unanswered    map[string]bool // by request id
	refused, lost []string        // errors
}

// begin counts a send and returns its request id.
func (t *tally) begin() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun++
	id := newRequestID()
	t.unanswered[id] = true
	return id
}

func (t *tally) pending() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun - t.ended
}

func (t *tally) settled() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended++
}

func (t *tally) sent(request string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.unanswered, request)
}

func (t *tally) dropped(err *dlq.Error, _ string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if errors.Is(err, dlq.ErrRefused) {
		t.refused = append(t.refused, err.Error())
	} else {
		t.lost = append(t.lost, err.Error())
	}
}

// check returns an error if messages may be lost.
func (t *tally) check() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lost) > 0 {
		return fmt.Errorf("%d sends were dropped, such as: %s", len(t.lost), t.lost[0])
	}
	// The history has each try of a refused send.
	if len(t.unanswered) > len(t.refused) {
		return fmt.Errorf("%d sends got no answer", len(t.unanswered))
	}
	return nil
}
