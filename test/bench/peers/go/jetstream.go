package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const callTimeout = 10 * time.Second

type jetstreamPeer struct {
	connection *nats.Conn
	js         jetstream.JetStream
}

func newJetstream(url string) (Peer, error) {
	connection, err := nats.Connect(url)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(connection)
	if err != nil {
		return nil, err
	}
	return &jetstreamPeer{connection, js}, nil
}

// stream returns a queue: a stream that removes acknowledged messages.
func (p *jetstreamPeer) stream(name string) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return p.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{name}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy,
	})
}

func (p *jetstreamPeer) consumer(command Command) (jetstream.Consumer, error) {
	stream, err := p.stream(command.Queue)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "bench", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 1000,
	})
}

// Send waits for the answer to each message. A larger batch means more messages in flight.
func (p *jetstreamPeer) Send(command Command) (Result, error) {
	if _, err := p.stream(command.Queue); err != nil {
		return Result{}, err
	}
	body := payload(command.Bytes)
	command.InFlight *= max(1, command.Batch)
	return closedLoop(command, func(int) error {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		_, err := p.js.Publish(ctx, command.Queue, body)
		return err
	})
}

func (p *jetstreamPeer) Consume(command Command, progress *atomic.Int64, stop <-chan struct{}) (Result, error) {
	consumer, err := p.consumer(command)
	if err != nil {
		return Result{}, err
	}
	var tally Tally
	var failed atomic.Pointer[error]
	handle := func(message jetstream.Msg) {
		err := message.Ack()
		if command.Outcome == "fail" {
			err = errors.New("JetStream is not measured with failures")
		}
		if err != nil {
			failed.Store(&err)
			return
		}
		tally.add(1)
		progress.Add(1)
	}
	consuming, err := consumer.Consume(handle, jetstream.PullMaxMessages(command.InFlight))
	if err != nil {
		return Result{}, err
	}
	<-stop
	consuming.Stop()
	<-consuming.Closed()
	if err := p.connection.FlushTimeout(callTimeout); err != nil {
		return Result{}, err
	}
	if err := failed.Load(); err != nil {
		return Result{}, fmt.Errorf("a message was not acknowledged: %w", *err)
	}
	return tally.done(), nil
}

func (p *jetstreamPeer) Left(command Command) (Result, error) {
	consumer, err := p.consumer(command)
	if err != nil {
		return Result{}, err
	}
	// Acknowledgements have no answers, so wait for the last ones to arrive.
	left := 0
	for range 400 {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		info, err := consumer.Info(ctx)
		cancel()
		if err != nil {
			return Result{}, err
		}
		left = info.NumAckPending + int(info.NumPending)
		if left == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return Result{Count: left}, nil
}
