// A load process for Asynq or NATS JetStream: `bench-peers asynq SOCKET`, `bench-peers jetstream
// URL`. Reads commands and writes answers as test/bench/load/commands.ts describes them.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// Command is one line of stdin.
type Command struct {
	Op           string  `json:"op"`
	Queue        string  `json:"queue"`
	Bytes        int     `json:"bytes"`
	Batch        int     `json:"batch"`
	InFlight     int     `json:"inFlight"`
	Workers      int     `json:"workers"`
	Count        int     `json:"count"`
	Seconds      float64 `json:"seconds"`
	FirstDueAtMs float64 `json:"firstDueAtMs"`
	DueRate      float64 `json:"dueRate"`
	Outcome      string  `json:"outcome"`
	Lateness     bool    `json:"lateness"`
}

// Peer is a system under test.
type Peer interface {
	Send(Command) (Result, error)
	// Consume ends when stop is closed.
	Consume(command Command, progress *atomic.Int64, stop <-chan struct{}) (Result, error)
	Left(Command) (Result, error)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench-peers asynq|jetstream ADDRESS")
		os.Exit(2)
	}
	connect := map[string]func(string) (Peer, error){"asynq": newAsynq, "jetstream": newJetstream}[os.Args[1]]
	if connect == nil {
		fmt.Fprintln(os.Stderr, "name asynq or jetstream")
		os.Exit(2)
	}
	peer, err := connect(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	serve(peer)
}

func serve(peer Peer) {
	lines := bufio.NewScanner(os.Stdin)
	stop := make(chan struct{})
	for lines.Scan() {
		var command Command
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			writeAnswer(map[string]any{"error": err.Error()})
			continue
		}
		if command.Op == "stop" {
			close(stop)
			stop = make(chan struct{})
			continue
		}
		go run(peer, command, stop)
	}
}

func run(peer Peer, command Command, stop <-chan struct{}) {
	var progress atomic.Int64
	var result Result
	err := fmt.Errorf("no such command: %s", command.Op)
	switch command.Op {
	case "send":
		result, err = peer.Send(command)
	case "consume":
		ended := make(chan struct{})
		reported := make(chan struct{})
		go report(&progress, ended, reported)
		result, err = peer.Consume(command, &progress, stop)
		close(ended)
		<-reported
	case "left":
		result, err = peer.Left(command)
	}
	if err != nil {
		writeAnswer(map[string]any{"error": err.Error()})
		return
	}
	writeAnswer(map[string]any{"result": result})
}

// report writes the progress of a command.
func report(progress *atomic.Int64, ended <-chan struct{}, reported chan<- struct{}) {
	defer close(reported)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	last := int64(0)
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			if now := progress.Load(); now != last {
				last = now
				writeAnswer(map[string]any{"progress": now})
			}
		}
	}
}

func writeAnswer(answer map[string]any) {
	line, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(line, '\n'))
}
