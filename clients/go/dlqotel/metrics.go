package dlqotel

import (
	"context"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics are the instruments of sends, handlers, and the state of clients.
type metrics struct {
	meter                      metric.Meter
	sends                      metric.Int64Counter
	handlers                   metric.Float64Histogram
	available, messages, bytes metric.Int64ObservableGauge
	age                        metric.Float64ObservableGauge
}

func newMetrics(meter metric.Meter) *metrics {
	gauge := func(name, unit, description string) metric.Int64ObservableGauge {
		return made(meter.Int64ObservableGauge("dlq.client."+name, metric.WithUnit(unit), metric.WithDescription(description)))
	}
	return &metrics{
		meter: meter,
		sends: made(meter.Int64Counter("dlq.client.sends",
			metric.WithUnit("{message}"), metric.WithDescription("Sends, by their status"))),
		handlers: made(meter.Float64Histogram("messaging.process.duration",
			metric.WithUnit("s"), metric.WithDescription("How long handlers ran"),
			// Those that OpenTelemetry's conventions give for durations.
			metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10))),
		available: gauge("available", "1", "0 while calls fail and sends go to the spool at once"),
		messages:  gauge("spool.messages", "{message}", "Messages in the spool"),
		bytes:     gauge("spool.bytes", "By", "Bytes of the spool"),
		age: made(meter.Float64ObservableGauge("dlq.client.spool.age",
			metric.WithUnit("s"), metric.WithDescription("Age of the oldest message in the spool"))),
	}
}

// made returns an instrument. It gives an error to OpenTelemetry's handler of errors.
func made[Instrument any](instrument Instrument, err error) Instrument {
	if err != nil {
		otel.Handle(err)
	}
	return instrument
}

func (m *metrics) sent(queue string, result dlq.Result, err *dlq.Error) {
	if !m.sends.Enabled(context.Background()) {
		return
	}
	attributes := queueAttributes("send", queue, attribute.String("dlq.status", string(result.Status)))
	if err != nil {
		attributes = append(attributes, errorType(string(err.Kind)))
	}
	m.sends.Add(context.Background(), 1, metric.WithAttributes(attributes...))
}

// beginHandler returns a function that records the duration for each delivery.
func (m *metrics) beginHandler(deliveries []*dlq.Delivery) func([]dlq.Handled) {
	began := time.Now()
	return func(handled []dlq.Handled) {
		seconds := time.Since(began).Seconds()
		if !m.handlers.Enabled(context.Background()) {
			return
		}
		for i, one := range handled {
			attributes := queueAttributes("process", deliveries[i].Queue,
				attribute.String("dlq.outcome", string(one.Outcome)))
			if one.ErrorType != "" {
				attributes = append(attributes, errorType(one.ErrorType))
			}
			m.handlers.Record(context.Background(), seconds, metric.WithAttributes(attributes...))
		}
	}
}

func (m *metrics) Observe(target string, status func() dlq.ClientStatus) (stop func()) {
	of := metric.WithAttributes(attribute.String("dlq.target", target))
	observe := func(_ context.Context, observer metric.Observer) error {
		now := status()
		available := int64(0)
		if now.IsAvailable {
			available = 1
		}
		observer.ObserveInt64(m.available, available, of)
		if now.Spool != nil {
			observer.ObserveInt64(m.messages, int64(now.Spool.Messages), of)
			observer.ObserveInt64(m.bytes, now.Spool.Bytes, of)
			observer.ObserveFloat64(m.age, now.Spool.OldestAge.Seconds(), of)
		}
		return nil
	}
	registration, err := m.meter.RegisterCallback(observe, m.available, m.messages, m.bytes, m.age)
	if err != nil {
		otel.Handle(err)
		return nil
	}
	return func() {
		if err := registration.Unregister(); err != nil {
			otel.Handle(err)
		}
	}
}
