package dlqhttp_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/dlq-service/dlq/clients/go/dlqhttp"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// The cases are those of all clients.
func TestSecretsOfQueryAreHidden(t *testing.T) {
	var cases []struct {
		Query, Shown string
		Names        []string
	}
	data, err := os.ReadFile("../../scenarios/queries.json")
	if err == nil {
		err = json.Unmarshal(data, &cases)
	}
	if err != nil || len(cases) == 0 {
		t.Fatalf("read %d cases, %v", len(cases), err)
	}
	fail := func(http.ResponseWriter, *http.Request) error { return errors.New("no bank") }
	fake := dlqtest.NewFake(t)
	client := fake.Client()
	for _, c := range cases {
		handler := dlqhttp.Handler(client, "orders", fail, dlqhttp.WithoutFields(c.Names...))
		request := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader("{}"))
		request.URL.RawQuery = c.Query
		handler.ServeHTTP(httptest.NewRecorder(), request)
		messages := fake.Messages("orders")
		if shown := messages[len(messages)-1].GetAttributes()["http.query"]; shown != c.Shown {
			t.Errorf("%s is shown as %s", c.Query, shown)
		}
	}
}
