package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

type asynqPeer struct {
	redis     asynq.RedisClientOpt
	client    *asynq.Client
	inspector *asynq.Inspector
	// Servers that are still shutting down.
	ending sync.WaitGroup
}

func newAsynq(socket string) (Peer, error) {
	redis := asynq.RedisClientOpt{Network: "unix", Addr: socket}
	return &asynqPeer{redis: redis, client: asynq.NewClient(redis), inspector: asynq.NewInspector(redis)}, nil
}

// Send makes one call for each message, because Asynq has no batches. A larger batch means more calls in flight.
func (p *asynqPeer) Send(command Command) (Result, error) {
	body := payload(max(8, command.Bytes))
	command.InFlight *= max(1, command.Batch)
	return closedLoop(command, func(index int) error {
		options := []asynq.Option{asynq.Queue(command.Queue), asynq.MaxRetry(5)}
		data := body
		if command.FirstDueAtMs > 0 {
			dueAtMs := command.FirstDueAtMs + float64(index)*1000/command.DueRate
			data = append([]byte(nil), body...)
			binary.LittleEndian.PutUint64(data, math.Float64bits(dueAtMs))
			options = append(options, asynq.ProcessAt(time.UnixMicro(int64(dueAtMs*1000))))
		}
		_, err := p.client.Enqueue(asynq.NewTask("message", data), options...)
		return err
	})
}

func (p *asynqPeer) Consume(command Command, progress *atomic.Int64, stop <-chan struct{}) (Result, error) {
	p.ending.Wait()
	var tally Tally
	server := asynq.NewServer(p.redis, asynq.Config{
		Concurrency:    command.InFlight,
		Queues:         map[string]int{command.Queue: 1},
		LogLevel:       asynq.FatalLevel,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return time.Hour },
	})
	// The return of the handler is the end of the task for a program. `left` checks what Asynq writes after it.
	handle := func(_ context.Context, task *asynq.Task) error {
		if command.Lateness {
			bits := binary.LittleEndian.Uint64(task.Payload())
			tally.took(nowMs() - math.Float64frombits(bits))
		}
		tally.add(1)
		progress.Add(1)
		if command.Outcome == "fail" {
			return errors.New("still down")
		}
		return nil
	}
	if err := server.Start(asynq.HandlerFunc(handle)); err != nil {
		return Result{}, err
	}
	<-stop
	server.Stop()
	if err := p.settled(command.Queue); err != nil {
		return Result{}, err
	}
	p.ending.Go(server.Shutdown) // waits for its timers
	return tally.done(), nil
}

// settled waits until all outcomes are written.
func (p *asynqPeer) settled(queue string) error {
	for range 2000 {
		info, err := p.inspector.GetQueueInfo(queue)
		if err != nil {
			return err
		}
		if info.Active == 0 {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("tasks of %s stay active", queue)
}

func (p *asynqPeer) Left(command Command) (Result, error) {
	info, err := p.inspector.GetQueueInfo(command.Queue)
	if err != nil {
		return Result{}, err
	}
	return Result{Count: info.Pending + info.Active}, nil
}
