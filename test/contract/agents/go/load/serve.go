// Package load is a load process of the bench: it reads the commands of test/bench/load/commands.ts, runs them one at
// a time by the client, and ends when the bench does.
package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// progressEvery is how often a running command tells how far it is.
const progressEvery = 10 * time.Millisecond

type command struct {
	Op       string   `json:"op"`
	API      string   `json:"api"`
	Queue    string   `json:"queue"`
	Queues   int      `json:"queues"`
	Bytes    int      `json:"bytes"`
	Batch    int      `json:"batch"`
	InFlight int      `json:"inFlight"`
	Count    *int     `json:"count"`
	Seconds  *float64 `json:"seconds"`
	Workers  int      `json:"workers"`
	Outcome  string   `json:"outcome"`
}

func (c command) queueNames() []string {
	names := []string{c.Queue}
	for index := 1; index < c.Queues; index++ {
		names = append(names, fmt.Sprintf("%s-%d", c.Queue, index))
	}
	return names
}

// answers are whole lines, of whichever goroutine.
type answers struct {
	mu sync.Mutex
	to *json.Encoder
}

func (a *answers) say(words any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_ = a.to.Encode(words)
}

// Serve runs commands against the server at that address until its input ends.
func Serve(address string, in io.Reader, out io.Writer) error {
	with, err := connect(address)
	if err != nil {
		return err
	}
	say := &answers{to: json.NewEncoder(out)}
	stop := func() {}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		if c.Op == "stop" {
			stop()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		stop = cancel
		go run(ctx, c, with, say)
	}
	stop()
	return lines.Err()
}

func run(ctx context.Context, c command, with *client, say *answers) {
	t := &tally{}
	done, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		tellProgress(t, done, say)
	}()
	result, err := with.run(ctx, c, t)
	close(done)
	<-told // nothing is told after the end
	if err != nil {
		say.say(map[string]any{"error": err.Error()})
	} else {
		say.say(map[string]any{"result": result})
	}
}

func tellProgress(t *tally, done <-chan struct{}, say *answers) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for before := 0; ; {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if count := t.soFar(); count != before {
			before = count
			say.say(map[string]any{"progress": count})
		}
	}
}
