package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/test/contract/agents/go/golden"
)

type words = map[string]any

// waiting gives the reply to a command that has begun.
type waiting func() (words, error)

// session has the clients and workers of one process, by the names that commands give them.
type session struct {
	tell     func(words)
	handlers *handlers
	mu       sync.Mutex
	clients  map[string]*dlq.Client
	workers  map[string]*dlq.Worker
}

func newSession(tell func(words)) *session {
	return &session{
		tell: tell, handlers: newHandlers(tell),
		clients: map[string]*dlq.Client{}, workers: map[string]*dlq.Worker{},
	}
}

// command has the fields of all of them.
type command struct {
	Client    string          `json:"client"`
	Worker    string          `json:"worker"`
	Queue     string          `json:"queue"`
	Payload   givenPayload    `json:"payload"`
	Error     *givenError     `json:"error"`
	Case      string          `json:"case"`
	Options   json.RawMessage `json:"options"`
	TimeoutMs *int64          `json:"timeout_ms"`

	Queues           []string `json:"queues"`
	Concurrency      *int     `json:"concurrency"`
	Prefetch         *int     `json:"prefetch"`
	LeaseMs          *int64   `json:"lease_ms"`
	MaxInFlightBytes *uint64  `json:"max_in_flight_bytes"`

	ending
	call
}

func (s *session) begin(op string, line []byte) (waiting, error) {
	var c command
	if err := json.Unmarshal(line, &c); err != nil {
		return nil, err
	}
	switch op {
	case "open":
		return s.open(c)
	case "cases":
		return func() (words, error) { return words{"names": golden.Names()}, nil }, nil
	case "finish":
		return func() (words, error) { return s.handlers.finish(c.Key, c.ending, c.Error) }, nil
	case "stop":
		return s.stop(c)
	}
	s.mu.Lock()
	client := s.clients[c.Client]
	s.mu.Unlock()
	if client == nil {
		return nil, fmt.Errorf("there is no client %s", c.Client)
	}
	switch op {
	case "send":
		return send(client, c)
	case "fail":
		return fail(client, c), nil
	case "worker":
		return s.work(client, c)
	case "flush":
		return func() (words, error) { return words{}, client.Flush(context.Background()) }, nil
	case "close":
		return func() (words, error) {
			ctx, cancel := within(c.TimeoutMs)
			defer cancel()
			_ = client.Close(ctx) // that it was hastened is as it was asked for
			return words{}, nil
		}, nil
	case "call":
		return func() (words, error) { return c.run(client, c.TimeoutMs) }, nil
	default:
		return nil, fmt.Errorf("this agent knows no %s", op)
	}
}

func (s *session) open(c command) (waiting, error) {
	target, options, err := clientOptions(c.Options)
	if err != nil {
		return nil, err
	}
	options = append(options, dlq.WithOnDropped(func(err *dlq.Error, queue string) {
		s.tell(words{"event": "dropped", "client": c.Client, "queue": queue, "kind": err.Kind})
	}))
	client, err := dlq.New(target, options...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[c.Client] = client
	return func() (words, error) { return words{}, nil }, nil
}

func send(client *dlq.Client, c command) (waiting, error) {
	options, err := sendOptions(c.Options)
	if err != nil {
		return nil, err
	}
	cause, err := c.Error.asError()
	if err != nil {
		return nil, err
	}
	pending := client.SendAsync(context.Background(), c.Queue, c.Payload.value(), cause, options...)
	return func() (words, error) { return resultWords(pending.Result()), nil }, nil
}

// fail sends what really fails.
func fail(client *dlq.Client, c command) waiting {
	return func() (words, error) {
		options, err := sendOptions(c.Options)
		if err != nil {
			return nil, err
		}
		failure, err := golden.Failure(c.Case)
		if err != nil {
			return nil, err
		}
		return resultWords(client.Send(context.Background(), c.Queue, c.Payload.value(), failure, options...)), nil
	}
}

func (s *session) work(client *dlq.Client, c command) (waiting, error) {
	options := []dlq.WorkerOption{
		dlq.WithOnError(func(err *dlq.Error, _ *dlq.Delivery) {
			s.tell(words{"event": "error", "worker": c.Worker, "kind": err.Kind})
		}),
		dlq.WithOnSettled(s.handlers.settled),
	}
	if c.Concurrency != nil {
		options = append(options, dlq.WithConcurrency(*c.Concurrency))
	}
	if c.Prefetch != nil {
		options = append(options, dlq.WithPrefetch(*c.Prefetch))
	}
	if c.LeaseMs != nil {
		options = append(options, dlq.WithLease(ms(*c.LeaseMs)))
	}
	if c.MaxInFlightBytes != nil {
		options = append(options, dlq.WithMaxInFlightBytes(*c.MaxInFlightBytes))
	}
	worker := client.Worker(c.Queues, options...)
	s.mu.Lock()
	s.workers[c.Worker] = worker
	s.mu.Unlock()
	go func() {
		if err := worker.Run(context.Background(), s.handlers.of(c.Worker, client)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return func() (words, error) { return words{}, nil }, nil
}

func (s *session) stop(c command) (waiting, error) {
	s.mu.Lock()
	worker := s.workers[c.Worker]
	s.mu.Unlock()
	if worker == nil {
		return nil, fmt.Errorf("there is no worker %s", c.Worker)
	}
	return func() (words, error) {
		ctx, cancel := within(c.TimeoutMs)
		defer cancel()
		_ = worker.Shutdown(ctx) // that it was hastened is as it was asked for
		return words{}, nil
	}, nil
}

func within(timeoutMs *int64) (context.Context, context.CancelFunc) {
	if timeoutMs == nil {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), ms(*timeoutMs))
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
