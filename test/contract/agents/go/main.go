// The test programs with the Go client. The first argument selects the agent of the scenarios (none), an actor of
// the fault suite, the worker that SIGTERM ends, or a load process of the benchmark.
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

// output writes whole lines. It is safe for concurrent use.
type output struct {
	mu sync.Mutex
	to *bufio.Writer
}

func (o *output) write(message map[string]any) {
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
	case args[0] == "slow-worker" && len(args) == 3:
		return runSlowWorker(args[1], args[2])
	case args[0] == "load" && len(args) == 2:
		return load.Serve(args[1], os.Stdin, os.Stdout)
	default:
		return fmt.Errorf("unknown arguments %v; use contract, producer, worker, slow-worker TARGET QUEUE, or load ADDRESS", args)
	}
}

// serve reads commands as lines of JSON from the standard input and writes the answers to the standard output.
func serve() {
	out := &output{to: bufio.NewWriter(os.Stdout)}
	agent := newSession(out.write)
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
				out.write(map[string]any{"id": command.ID, "error": err.Error()})
			} else {
				out.write(map[string]any{"id": command.ID, "result": result})
			}
		}
		// Commands begin in order and may end in any order.
		wait, err := agent.begin(command.Op, line)
		if err != nil {
			answer(nil, err)
			continue
		}
		go func() { answer(wait()) }()
	}
}
