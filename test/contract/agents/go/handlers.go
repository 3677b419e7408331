package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/dlq-service/dlq/clients/go"
)

// ending is how a handler ends, as a command says.
type ending struct {
	Key          string `json:"key"`
	How          string `json:"how"`
	Note         string `json:"note"`
	DelayMs      int64  `json:"delay_ms"`
	RetryAfterMs *int64 `json:"retry_after_ms"`
	NonRetryable bool   `json:"non_retryable"`
	Fingerprint  string `json:"fingerprint"`
	queue        string
	cause        error
}

type finishing struct {
	ending
	reply chan fields
}

// handlers are handlers that wait for a command with their ending.
type handlers struct {
	emit    func(fields)
	mu      sync.Mutex
	lastKey int
	waiting map[string]chan finishing
	ended   map[string]chan struct{}
	keys    sync.Map // by *dlq.Delivery
}

func newHandlers(emit func(fields)) *handlers {
	return &handlers{emit: emit, waiting: map[string]chan finishing{}, ended: map[string]chan struct{}{}}
}

// of returns a handler. A cancelled one ends as onCancel says, or, if that is empty, with the cause of its context.
func (h *handlers) of(worker string, client *dlq.Client, onCancel string) dlq.Handler {
	return func(ctx context.Context, d *dlq.Delivery) error {
		finish, end := make(chan finishing), make(chan struct{})
		defer close(end)
		h.mu.Lock()
		h.lastKey++
		key := fmt.Sprintf("%d-%d", os.Getpid(), h.lastKey)
		h.waiting[key], h.ended[key] = finish, end
		h.mu.Unlock()
		h.keys.Store(d, key)
		event := deliveryFields(d)
		event["event"], event["worker"], event["key"] = "delivery", worker, key
		h.emit(event)
		select {
		case how := <-finish:
			result, err := how.end(ctx, d, client)
			how.reply <- result
			return err
		case <-ctx.Done():
			h.emit(fields{"event": "cancelled", "worker": worker, "key": key})
			if onCancel == "" {
				return context.Cause(ctx)
			}
			_, err := ending{How: onCancel, cause: context.Cause(ctx)}.end(ctx, d, client)
			return err
		}
	}
}

func (h *handlers) finish(key string, how ending, given *givenError) (fields, error) {
	h.mu.Lock()
	finish, end := h.waiting[key], h.ended[key]
	delete(h.waiting, key)
	h.mu.Unlock()
	if finish == nil {
		return nil, fmt.Errorf("no handler waits with key %s", key)
	}
	if how.How == "throw" || how.How == "fail" {
		if given == nil {
			given = &givenError{}
		}
	}
	var err error
	if how.cause, err = given.asError(); err != nil {
		return nil, err
	}
	reply := make(chan fields, 1)
	select {
	case finish <- finishing{how, reply}:
		return <-reply, nil
	case <-end: // cancelled
		return fields{}, nil
	}
}

func (e ending) end(ctx context.Context, d *dlq.Delivery, client *dlq.Client) (fields, error) {
	switch e.How {
	case "return":
		return fields{}, nil
	case "throw":
		return fields{}, e.cause
	case "fail":
		err := e.cause
		if e.RetryAfterMs != nil {
			err = dlq.RetryAfter(err, ms(*e.RetryAfterMs))
		}
		if e.NonRetryable {
			err = dlq.NonRetryable(err)
		}
		if e.Fingerprint != "" {
			err = dlq.Fingerprint(err, e.Fingerprint)
		}
		return fields{}, dlq.Fail(err)
	case "release":
		return fields{}, dlq.Release(ms(e.DelayMs))
	case "quarantine":
		return fields{}, dlq.Quarantine(e.Note)
	case "discard":
		return fields{}, dlq.Discard(e.Note)
	case "send", "send-succeed":
		options := []dlq.SendOption{dlq.WithFingerprint(e.Fingerprint)}
		if d.SourceID != "" {
			options = append(options, dlq.WithSourceID(d.SourceID))
		}
		var outcome error
		if e.How == "send-succeed" {
			outcome = dlq.Succeed()
		}
		return resultFields(client.Send(ctx, cmp.Or(e.queue, d.Queue), d.Payload, e.cause, options...)), outcome
	default:
		return nil, fmt.Errorf("unknown ending %s", e.How)
	}
}

func (h *handlers) settled(d *dlq.Delivery, settled dlq.Settled) {
	key, _ := h.keys.LoadAndDelete(d)
	event := fields{
		"event": "settled", "key": key, "outcome": settled.Outcome, "duration_ms": settled.Duration.Milliseconds(),
		"state": strings.TrimPrefix(settled.State.String(), "MESSAGE_STATE_"),
	}
	if settled.Err != nil {
		event["error"] = settled.Err.Error()
	}
	h.emit(event)
}
