// Package load is a load process of the benchmark. It runs the commands of test/bench/load/commands.ts with the
// client, and ends with its input.
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

// progressInterval is how often a running command reports its progress.
const progressInterval = 10 * time.Millisecond

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

// output writes whole lines. It is safe for concurrent use.
type output struct {
	mu sync.Mutex
	to *json.Encoder
}

func (o *output) write(value any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.to.Encode(value)
}

// Serve runs commands against the server at an address until the input ends.
func Serve(address string, in io.Reader, out io.Writer) error {
	client, err := connect(address)
	if err != nil {
		return err
	}
	results := &output{to: json.NewEncoder(out)}
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
		go run(ctx, c, client, results)
	}
	stop()
	return lines.Err()
}

func run(ctx context.Context, c command, client *client, out *output) {
	t := &tally{}
	done, reported := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reported)
		reportProgress(t, done, out)
	}()
	result, err := client.run(ctx, c, t)
	close(done)
	<-reported // the result is the last line
	if err != nil {
		out.write(map[string]any{"error": err.Error()})
	} else {
		out.write(map[string]any{"result": result})
	}
}

func reportProgress(t *tally, done <-chan struct{}, out *output) {
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for before := 0; ; {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if count := t.count(); count != before {
			before = count
			out.write(map[string]any{"progress": count})
		}
	}
}
