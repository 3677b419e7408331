// The programs of the tests that use the Go client: by its first argument the agent of the scenarios (none), an actor of
// the fault suite, or a load process of the bench.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/dlq-service/dlq/test/contract/agents/go/faults"
	"github.com/dlq-service/dlq/test/contract/agents/go/load"
)

// output writes whole lines, of whichever goroutine.
type output struct {
	mu sync.Mutex
	to *bufio.Writer
}

func (o *output) tell(message map[string]any) {
	line, err := json.Marshal(message)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = o.to.Write(append(line, '\n'))
	_ = o.to.Flush()
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 0 || args[0] == "contract":
		serve()
		return nil
	case args[0] == "producer":
		return faults.Produce(args[1:])
	case args[0] == "worker":
		return faults.Work(args[1:])
	case args[0] == "load" && len(args) == 2:
		return load.Serve(args[1], os.Stdin, os.Stdout)
	default:
		return fmt.Errorf("unknown: %v; give contract, producer, worker, or load ADDRESS", args)
	}
}

// serve does what lines of JSON on its input say, and answers in such.
func serve() {
	out := &output{to: bufio.NewWriter(os.Stdout)}
	agent := newSession(out.tell)
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var command struct {
			ID int    `json:"id"`
			Op string `json:"op"`
		}
		if err := json.Unmarshal(line, &command); err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		answer := func(result map[string]any, err error) {
			if err != nil {
				out.tell(map[string]any{"id": command.ID, "error": err.Error()})
			} else {
				out.tell(map[string]any{"id": command.ID, "result": result})
			}
		}
		// What has begun is in the order of the commands; what it waits for is not.
		wait, err := agent.begin(command.Op, line)
		if err != nil {
			answer(nil, err)
			continue
		}
		go func() { answer(wait()) }()
	}
}
