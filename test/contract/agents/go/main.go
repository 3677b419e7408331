// The agent of the Go client: does what lines of JSON on its input say, and answers in such.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
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
