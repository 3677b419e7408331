package dlq_test

import (
	"bytes"
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

type hiddenOrder struct {
	id     string
	amount int
}

type emptyOrder struct {
	ID string `json:"id,omitempty"`
}

// JSON has nothing of these values, or not what the program means.
func TestPayloadWithoutContentIsInvalid(t *testing.T) {
	client := dlqtest.NewFake(t).Client(dlq.WithLogger(noLog()))
	for name, payload := range map[string]any{
		"unexported fields": hiddenOrder{"order-1", 1},
		"a pointer to them": &hiddenOrder{"order-1", 1},
		"a list of them":    []hiddenOrder{{"order-1", 1}},
		"a map of them":     map[string]any{"order": &hiddenOrder{"order-1", 1}},
		"an error":          errors.New("order-1"),
		"a reader":          io.NopCloser(strings.NewReader("order-1")),
		"a buffer":          bytes.NewBufferString("order-1"),
		"a file":            os.Stdin,
		"a sync.Map":        &sync.Map{},
		"a list.List":       list.New(),
		"a channel":         make(chan string),
		"a function":        func() string { return "order-1" },
		"not a number":      math.NaN(),
		"deliveries":        []*dlq.Delivery{{}},
		"a nil delivery":    (*dlq.Delivery)(nil),
	} {
		result, err := client.Send(t.Context(), "orders", payload, nil)
		if !errors.Is(err, dlq.ErrInvalid) || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: got %+v, %v", name, result, err)
		}
	}
}

func TestPayloadIsEncoded(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		payload any
		want    string
	}{
		"nil":              {nil, "null"},
		"an empty struct":  {struct{}{}, "{}"},
		"omitted fields":   {emptyOrder{}, "{}"},
		"an empty map":     {map[string]int{}, "{}"},
		"an empty list":    {[]hiddenOrder{}, "[]"},
		"a time":           {at, `"2026-01-02T03:04:05Z"`},
		"raw JSON":         {json.RawMessage(`{"id": 1}`), `{"id":1}`},
		"an error as well": {map[string]any{"id": 1, "error": errors.New("no")}, `{"error":{},"id":1}`},
		"a payload within": {map[string]any{"text": textPayload(t)}, `{"text":"order-1"}`},
		"a duration":       {durationpb.New(time.Second), `"1s"`},
		"protobuf":         {structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"a": structpb.NewNumberValue(1), "b": structpb.NewBoolValue(true)}}), `{"a":1,"b":true}`},
	} {
		send(t, client, c.payload)
		messages := fake.Messages("orders")
		if got := messages[len(messages)-1].GetPayload(); got.GetText() != c.want || got.GetContentType() != "application/json" {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// textPayload returns the payload of a delivery.
func textPayload(t *testing.T) dlq.Payload {
	t.Helper()
	client := dlqtest.NewFake(t).Client()
	payloads := make(chan dlq.Payload, 1)
	work(t, client, func(_ context.Context, d *dlq.Delivery) error {
		payloads <- d.Payload
		return nil
	})
	send(t, client, "order-1")
	return <-payloads
}

func TestPayloadWithinJSONIsItsContent(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	shown := make(chan string, 3)
	work(t, client, func(_ context.Context, d *dlq.Delivery) error {
		text, err := json.Marshal(d.Payload)
		shown <- string(text)
		return err
	}, dlq.WithConcurrency(1))
	for _, c := range []struct {
		payload any
		want    string
	}{{map[string]int{"id": 1}, `{"id":1}`}, {"order-1", `"order-1"`}, {[]byte{0xff}, `"/w=="`}} {
		send(t, client, c.payload)
		if got := <-shown; got != c.want {
			t.Errorf("got %s instead of %s", got, c.want)
		}
	}
}

func TestDeliveryValueIsSentAsItsPayload(t *testing.T) {
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	work(t, client, func(ctx context.Context, d *dlq.Delivery) error {
		_, err := client.Send(ctx, "later", *d, errors.New("not now"))
		return err
	})
	send(t, client, "order-1")
	fake.WaitFor("orders", dlq.StateSucceeded)
	if payload := fake.Messages("later")[0].GetPayload(); payload.GetText() != "order-1" {
		t.Errorf("got %v", payload)
	}
}
