package dlqotel_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqotel"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// recorder records spans and metrics with the SDK.
type recorder struct {
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
	reader *metric.ManualReader
	option dlq.Option
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans))
	meters := metric.NewMeterProvider(metric.WithReader(r.reader))
	r.tracer = tracers.Tracer("test")
	r.option = dlq.WithTelemetry(dlqotel.New(dlqotel.WithTracerProvider(tracers), dlqotel.WithMeterProvider(meters)))
	return r
}

// span returns the only ended span of a name.
func (r *recorder) span(t *testing.T, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, span := range r.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans %q", len(found), name)
	}
	return found[0]
}

// collect returns the points of all metrics, by name.
func (r *recorder) collect(t *testing.T) map[string]metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]metricdata.Aggregation{}
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			found[one.Name] = one.Data
		}
	}
	return found
}

func textsOf(attributes []attribute.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, one := range attributes {
		texts[string(one.Key)] = one.Value.Emit()
	}
	return texts
}

func equal(t *testing.T, what string, got []attribute.KeyValue, want map[string]string) {
	t.Helper()
	texts := textsOf(got)
	for name, value := range want {
		if texts[name] != value {
			t.Errorf("%s: %s is %q, not %q", what, name, texts[name], value)
		}
	}
	if len(texts) != len(want) {
		t.Errorf("%s has the attributes %v", what, texts)
	}
}

// work runs a worker. The returned function ends it.
func work(t *testing.T, client *dlq.Client, queue string, handler dlq.Handler, opts ...dlq.WorkerOption) (stop func()) {
	t.Helper()
	worker := client.Worker([]string{queue}, opts...)
	done := make(chan error, 1)
	go func() { done <- worker.Run(context.Background(), handler) }()
	return func() {
		t.Helper()
		if err := worker.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestSendAndHandlerHaveLinkedSpans(t *testing.T) {
	fake, r := dlqtest.NewFake(t), newRecorder(t)
	client := fake.Client(r.option)
	ctx, request := r.tracer.Start(t.Context(), "request")
	sent, err := client.Send(ctx, "orders", "x", errors.New("no stock"))
	if err != nil {
		t.Fatal(err)
	}
	request.End()
	inside := make(chan trace.SpanContext, 1)
	stop := work(t, client, "orders", func(ctx context.Context, _ *dlq.Delivery) error {
		inside <- trace.SpanContextFromContext(ctx)
		return nil
	})
	active := <-inside
	stop()

	send, process := r.span(t, "send orders"), r.span(t, "process orders")
	if send.SpanKind() != trace.SpanKindProducer || send.Parent().SpanID() != request.SpanContext().SpanID() {
		t.Errorf("the send is %v", send)
	}
	equal(t, "the send", send.Attributes(), map[string]string{
		"messaging.system": "dlq", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": "orders", "messaging.message.id": sent.ID, "dlq.status": "sent",
	})
	if process.SpanKind() != trace.SpanKindConsumer || process.Parent().IsValid() ||
		process.SpanContext().TraceID() == send.SpanContext().TraceID() || process.Status().Code != codes.Unset {
		t.Errorf("the handler is %v", process)
	}
	links := process.Links()
	if len(links) != 1 || links[0].SpanContext.SpanID() != send.SpanContext().SpanID() || !links[0].SpanContext.IsRemote() {
		t.Errorf("the links are %v", links)
	}
	equal(t, "the handler", process.Attributes(), map[string]string{
		"messaging.system": "dlq", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": "orders", "messaging.message.id": sent.ID, "dlq.attempt": "1", "dlq.outcome": "succeeded",
	})
	if !active.Equal(process.SpanContext()) {
		t.Errorf("the handler's context has span %v", active)
	}
}

type stockError struct{}

func (*stockError) Error() string { return "no such order" }

func TestFailuresAreErrorsOfTheirSpans(t *testing.T) {
	fake, r := dlqtest.NewFake(t), newRecorder(t)
	client := fake.Client(r.option, dlq.WithSendTimeout(20*time.Millisecond), dlq.WithOnDropped(func(*dlq.Error, string) {}))
	if _, err := client.Send(t.Context(), "broken", "x", nil, dlq.WithTimeout(time.Minute)); err != nil {
		t.Fatal(err)
	}
	stop := work(t, client, "broken", func(context.Context, *dlq.Delivery) error {
		return dlq.NonRetryable(&stockError{})
	}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}))
	fake.WaitFor("broken", dlq.StateQuarantined)
	stop()
	handled := r.span(t, "process broken")
	attributes := textsOf(handled.Attributes())
	if handled.Status().Code != codes.Error || attributes["error.type"] != "*dlqotel_test.stockError" || attributes["dlq.outcome"] != "failed" {
		t.Errorf("the handler is %v with %v", handled.Status(), attributes)
	}
	if events := handled.Events(); len(events) != 1 || textsOf(events[0].Attributes)["exception.message"] != "no such order" {
		t.Errorf("the events are %v", events)
	}
	fake.GoDown()
	_, _ = client.Send(t.Context(), "lost", "x", nil)
	lost := r.span(t, "send lost")
	attributes = textsOf(lost.Attributes())
	if lost.Status().Code != codes.Error || attributes["dlq.status"] != "dropped" || attributes["error.type"] != "deadline" {
		t.Errorf("the send is %v with %v", lost.Status(), attributes)
	}
}

func TestClientHasMetrics(t *testing.T) {
	fake, r := dlqtest.NewFake(t), newRecorder(t)
	client := fake.Client(r.option, dlq.WithSpool(dlq.Spool{Folder: t.TempDir()}), dlq.WithSendTimeout(time.Minute))
	if _, err := client.Send(t.Context(), "metered", "x", nil); err != nil {
		t.Fatal(err)
	}
	stop := work(t, client, "metered", func(context.Context, *dlq.Delivery) error { return nil })
	fake.WaitFor("metered", dlq.StateSucceeded)
	stop()
	up := r.collect(t)
	sends := up["dlq.client.sends"].(metricdata.Sum[int64]).DataPoints
	if len(sends) != 1 || sends[0].Value != 1 {
		t.Errorf("the sends are %v", sends)
	}
	equal(t, "the counter", sends[0].Attributes.ToSlice(), map[string]string{
		"messaging.system": "dlq", "messaging.operation.name": "send", "messaging.destination.name": "metered", "dlq.status": "sent",
	})
	handlers := up["messaging.process.duration"].(metricdata.Histogram[float64]).DataPoints
	if len(handlers) != 1 || handlers[0].Count != 1 || len(handlers[0].Bounds) != 14 {
		t.Errorf("the handlers are %v", handlers)
	}
	equal(t, "the histogram", handlers[0].Attributes.ToSlice(), map[string]string{
		"messaging.system": "dlq", "messaging.operation.name": "process", "messaging.destination.name": "metered",
		"dlq.outcome": "succeeded",
	})
	gauge := func(all map[string]metricdata.Aggregation, name string) int64 {
		points := all[name].(metricdata.Gauge[int64]).DataPoints
		equal(t, name, points[0].Attributes.ToSlice(), map[string]string{"dlq.target": fake.Target()})
		return points[0].Value
	}
	if gauge(up, "dlq.client.available") != 1 || gauge(up, "dlq.client.spool.messages") != 0 {
		t.Errorf("got %v", up)
	}
	fake.Stop() // without a connection, sends go to the spool at once
	for _, payload := range []string{"y", "z"} {
		if _, err := client.Send(t.Context(), "metered", payload, nil); err != nil {
			t.Fatal(err)
		}
	}
	down := r.collect(t)
	if gauge(down, "dlq.client.available") != 0 || gauge(down, "dlq.client.spool.messages") != 2 ||
		gauge(down, "dlq.client.spool.bytes") < 100 {
		t.Errorf("got %v", down)
	}
	if age := down["dlq.client.spool.age"].(metricdata.Gauge[float64]).DataPoints[0].Value; age < 0 || age > 60 {
		t.Errorf("the age is %v", age)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, ok := r.collect(t)["dlq.client.available"]; ok {
		t.Error("a closed client has metrics of its state")
	}
}

// Without a tracer that records, the trace of the send is that of the handler.
func TestHandlerContextHasSpanOfSendWithoutTracer(t *testing.T) {
	unsampled := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	for name, opts := range map[string][]dlqotel.Option{
		"no SDK": nil, "not sampled": {dlqotel.WithTracerProvider(unsampled)},
	} {
		t.Run(name, func(t *testing.T) {
			fake := dlqtest.NewFake(t)
			client := fake.Client(dlq.WithTelemetry(dlqotel.New(opts...)))
			span := trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
			})
			ctx := trace.ContextWithSpanContext(t.Context(), span)
			if _, err := client.Send(ctx, "orders", "a", nil); err != nil {
				t.Fatal(err)
			}
			seen := make(chan trace.SpanContext, 1)
			stop := work(t, client, "orders", func(ctx context.Context, _ *dlq.Delivery) error {
				seen <- trace.SpanContextFromContext(ctx)
				return nil
			})
			got := <-seen
			stop()
			if got.TraceID() != span.TraceID() || got.SpanID() != span.SpanID() || !got.IsRemote() || !got.IsSampled() {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestBatchHasOneSpanAndDurationsOfEach(t *testing.T) {
	fake, r := dlqtest.NewFake(t), newRecorder(t)
	client := fake.Client(r.option)
	for _, payload := range []string{"a", "b"} {
		if _, err := client.Send(t.Context(), "batch", payload, nil, dlq.WithMaxRetries(1)); err != nil {
			t.Fatal(err)
		}
	}
	worker := client.Worker([]string{"batch"}, dlq.WithOnError(func(*dlq.Error, *dlq.Delivery) {}))
	done := make(chan error, 1)
	handled := 0
	go func() {
		done <- worker.RunBatch(context.Background(), func(_ context.Context, batch []*dlq.Delivery) error {
			if handled += len(batch); handled == 2 {
				go func() { _ = worker.Shutdown(context.Background()) }()
			}
			errs := make([]error, len(batch))
			for i, d := range batch {
				if d.Payload.Text() == "b" {
					errs[i] = &stockError{}
				}
			}
			return dlq.Each(errs...)
		})
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, span := range r.spans.Ended() {
		if span.Name() == "process batch" {
			links += len(span.Links())
			if count := textsOf(span.Attributes())["messaging.batch.message_count"]; len(span.Links()) == 2 && count != "2" {
				t.Errorf("the count is %q", count)
			}
		}
	}
	if links != 2 {
		t.Errorf("%d links to sends", links)
	}
	kinds := map[string]string{}
	for _, point := range r.collect(t)["messaging.process.duration"].(metricdata.Histogram[float64]).DataPoints {
		attributes := textsOf(point.Attributes.ToSlice())
		kinds[attributes["dlq.outcome"]] = attributes["error.type"]
	}
	if len(kinds) != 2 || kinds["failed"] != "*dlqotel_test.stockError" {
		t.Errorf("the outcomes are %v", kinds)
	}
}

func TestCloseWaitsForSpansOfSends(t *testing.T) {
	fake, r := dlqtest.NewFake(t), newRecorder(t)
	client := fake.Client(r.option)
	for range 50 {
		client.SendAsync(t.Context(), "orders", "x", nil)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(r.spans.Ended()); got != 50 {
		t.Errorf("%d spans", got)
	}
	if sends := r.collect(t)["dlq.client.sends"].(metricdata.Sum[int64]).DataPoints; len(sends) != 1 || sends[0].Value != 50 {
		t.Errorf("the sends are %v", sends)
	}
}
