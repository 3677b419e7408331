package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/test/contract/agents/go/golden"
)

// fields are the fields of a JSON object.
type fields = map[string]any

// reply waits for the end of a command and returns its result.
type reply func() (fields, error)

// session holds the clients and workers of the process by name.
type session struct {
	emit     func(fields)
	handlers *handlers
	mu       sync.Mutex
	clients  map[string]*dlq.Client
	workers  map[string]*dlq.Worker
}

func newSession(emit func(fields)) *session {
	return &session{
		emit: emit, handlers: newHandlers(emit),
		clients: map[string]*dlq.Client{}, workers: map[string]*dlq.Worker{},
	}
}

// command has the fields of all commands.
type command struct {
	Client    string          `json:"client"`
	Worker    string          `json:"worker"`
	Queue     string          `json:"queue"`
	Payload   givenPayload    `json:"payload"`
	Error     *givenError     `json:"error"`
	Case      string          `json:"case"`
	Options   json.RawMessage `json:"options"`
	TimeoutMs *int64          `json:"timeout_ms"`
	OnDropped string          `json:"on_dropped"`
	Callbacks json.RawMessage `json:"callbacks"`

	Queues           []string `json:"queues"`
	Concurrency      *int     `json:"concurrency"`
	Prefetch         *int     `json:"prefetch"`
	LeaseMs          *int64   `json:"lease_ms"`
	OnCancel         string   `json:"on_cancel"`
	MaxInFlightBytes *uint64  `json:"max_in_flight_bytes"`

	ending
	call
}

func (s *session) begin(op string, line []byte) (reply, error) {
	var c command
	if err := json.Unmarshal(line, &c); err != nil {
		return nil, err
	}
	switch op {
	case "open":
		return s.open(c)
	case "cases":
		return func() (fields, error) { return fields{"names": golden.Names()}, nil }, nil
	case "finish":
		how := c.ending
		how.queue = c.Queue
		return func() (fields, error) { return s.handlers.finish(c.Key, how, c.Error) }, nil
	case "stop":
		return s.stop(c)
	}
	s.mu.Lock()
	client := s.clients[c.Client]
	s.mu.Unlock()
	if client == nil {
		return nil, fmt.Errorf("unknown client %s", c.Client)
	}
	switch op {
	case "send":
		return send(client, c)
	case "fail":
		return fail(client, c), nil
	case "worker":
		return s.work(client, c)
	case "flush":
		return func() (fields, error) { return fields{}, client.Flush(context.Background()) }, nil
	case "close":
		return func() (fields, error) {
			ctx, cancel := within(c.TimeoutMs)
			defer cancel()
			_ = client.Close(ctx) // the scenario checks the results of the sends
			return fields{}, nil
		}, nil
	case "call":
		return func() (fields, error) { return c.run(client, c.TimeoutMs) }, nil
	default:
		return nil, fmt.Errorf("unknown command %s", op)
	}
}

func (s *session) open(c command) (reply, error) {
	target, options, err := clientOptions(c.Options)
	if err != nil {
		return nil, err
	}
	var client *dlq.Client
	options = append(options, dlq.WithOnDropped(func(err *dlq.Error, queue string) {
		s.emit(fields{"event": "dropped", "client": c.Client, "queue": queue, "kind": err.Kind})
		if c.OnDropped == "send" {
			client.Send(context.Background(), queue, make([]byte, 60_000), nil)
		}
	}))
	if len(c.Callbacks) > 0 {
		options = append(options, s.callbacks(c)...)
	}
	client, err = dlq.New(target, options...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[c.Client] = client
	return func() (fields, error) { return fields{}, nil }, nil
}

func send(client *dlq.Client, c command) (reply, error) {
	options, err := sendOptions(c.Options)
	if err != nil {
		return nil, err
	}
	cause, err := c.Error.asError()
	if err != nil {
		return nil, err
	}
	pending := client.SendAsync(context.Background(), c.Queue, c.Payload.value(), cause, options...)
	return func() (fields, error) { return resultFields(pending.Result()), nil }, nil
}

// fail sends the error of a case of the golden set.
func fail(client *dlq.Client, c command) reply {
	return func() (fields, error) {
		options, err := sendOptions(c.Options)
		if err != nil {
			return nil, err
		}
		failure, err := golden.Failure(c.Case)
		if err != nil {
			return nil, err
		}
		return resultFields(client.Send(context.Background(), c.Queue, c.Payload.value(), failure, options...)), nil
	}
}

func (s *session) work(client *dlq.Client, c command) (reply, error) {
	options := []dlq.WorkerOption{
		dlq.WithOnError(func(err *dlq.Error, d *dlq.Delivery) { s.emit(errorEvent(c.Worker, err, d)) }),
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
		if err := worker.Run(context.Background(), s.handlers.of(c.Worker, client, c.OnCancel)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return func() (fields, error) { return fields{}, nil }, nil
}

func errorEvent(worker string, err *dlq.Error, d *dlq.Delivery) fields {
	message := strings.TrimPrefix(err.Error(), "dlq: ")
	event := fields{"event": "error", "worker": worker, "kind": err.Kind, "message": message}
	if cause := err.Unwrap(); cause != nil {
		event["cause"] = cause.Error()
	}
	if d != nil {
		event["id"], event["attempt"] = d.ID, d.Attempt
	}
	return event
}

func (s *session) stop(c command) (reply, error) {
	s.mu.Lock()
	worker := s.workers[c.Worker]
	s.mu.Unlock()
	if worker == nil {
		return nil, fmt.Errorf("unknown worker %s", c.Worker)
	}
	return func() (fields, error) {
		ctx, cancel := within(c.TimeoutMs)
		defer cancel()
		_ = worker.Shutdown(ctx) // the scenario checks the events
		return fields{}, nil
	}, nil
}

func within(timeoutMs *int64) (context.Context, context.CancelFunc) {
	if timeoutMs == nil {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), ms(*timeoutMs))
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
