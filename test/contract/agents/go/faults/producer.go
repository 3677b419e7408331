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
	// mostPending sends wait at most: what is more comes later, so that memory is bounded in an outage.
	mostPending = 5_000
	// emptyWithin is how long the spool may take to be empty, once nothing is broken any more.
	emptyWithin = 40 * time.Second
)

var errBroke = errors.New("it broke")

// Produce is a producer as users have it: the client with its spool, at a steady rate, whatever happens.
//
// What the service has not refused for good it must have taken at last: a send that is dropped, left in the
// spool, or forgotten by the client is an error.
func Produce(args []string) error {
	set := flag.NewFlagSet("producer", flag.ContinueOnError)
	var given shared
	count := set.Int("messages", 0, "how many")
	rate := set.Float64("rate", 100, "messages a second")
	plans := set.String("plans", "{}", "JSON: plan to weight")
	if err := given.parse(set, args); err != nil {
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
	h, err := openHistory(given.out, given.name, "producer")
	if err != nil {
		return err
	}
	t := &tally{unanswered: map[string]bool{}}
	record := &recording{history: h, onSent: t.sent}
	spool := strings.TrimSuffix(given.out, filepath.Ext(given.out)) + ".spool-folder"
	client, err := dlq.New(given.address, dlq.WithSpool(dlq.Spool{Folder: spool}),
		dlq.WithOnDropped(t.dropped), dlq.WithDialOptions(record.dialOptions()...))
	if err != nil {
		return err
	}
	produce(stop, client, t, newLetters(given.name, given.queues, weights, given.seed), *count, *rate)
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
	if err := record.waitUntilEnded(); err != nil {
		return err
	}
	h.write("ended", nil)
	return t.check()
}

func produce(stop context.Context, client *dlq.Client, t *tally, l *letters, count int, rate float64) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	began := time.Now()
	due := 0.0 // what should have been sent by now; what is too much in an outage is put off
	for l.made < count && stop.Err() == nil {
		now := time.Now()
		due += now.Sub(began).Seconds() * rate
		began = now
		for ; due >= 1 && l.made < count; due-- {
			if t.pending() >= mostPending {
				due = 0
				break
			}
			one := l.next()
			request := t.begin()
			options := append(one.options, dlq.WithRequestID(request))
			sent := client.SendAsync(context.Background(), one.queue, one.text, errBroke, options...)
			go func() {
				_, _ = sent.Result() // what is dropped is told
				t.settled()
			}()
		}
		<-ticker.C
	}
}

// waitUntilEmpty fails if what is kept in the spool is not delivered.
func waitUntilEmpty(spool string) error {
	for late := time.Now().Add(emptyWithin); ; time.Sleep(look) {
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
			return fmt.Errorf("letters are left in %s", left)
		}
	}
}

// tally is what became of the sends.
type tally struct {
	mu            sync.Mutex
	begun, ended  int
	unanswered    map[string]bool
	refused, lost []string
}

// begin gives the request id of one more.
func (t *tally) begin() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun++
	id := newRequest()
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

func (t *tally) check() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lost) > 0 {
		return fmt.Errorf("%d sends were dropped, %s", len(t.lost), t.lost[0])
	}
	// Of what was refused the history has each try.
	if len(t.unanswered) > len(t.refused) {
		return fmt.Errorf("%d sends have got no answer", len(t.unanswered))
	}
	return nil
}
