package plain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

func get(client *http.Client, where string) error {
	response, err := client.Get(where)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET orders: unexpected status %s", response.Status)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, &order{})
}

func getting(peer, path string) func(context.Context) error {
	return func(context.Context) error { return get(http.DefaultClient, URL(peer, path)) }
}

func slowly(peer, path string) func(context.Context) error {
	return func(context.Context) error {
		return get(&http.Client{Timeout: time.Second}, URL(peer, path))
	}
}

var webClients = []Failing{
	{"http: refused", "go", "NETWORK_ERROR", getting("closed", "/")},
	{"http: hung up", "go", "NETWORK_ERROR", getting("http", "/close")},
	{"http: reset", "go", "NETWORK_ERROR", getting("http", "/reset")},
	{"http: another protocol", "go", "NETWORK_ERROR", getting("foreign", "/")},
	{"http: a body that was cut", "go", "NETWORK_ERROR", getting("http", "/cut")},
	{"http: no answer in time", "go", "TIMEOUT", slowly("http", "/hang")},
	{"http: a body too late", "go", "TIMEOUT", slowly("http", "/slow-body")},
	{"http: connecting too slow", "go", "TIMEOUT", slowly("stalled", "/")},
	{"http: headers too late", "go", "TIMEOUT", func(context.Context) error {
		transport := &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond}
		return get(&http.Client{Transport: transport}, URL("http", "/hang"))
	}},
	{"http: a context too short", "go", "TIMEOUT", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, "GET", URL("http", "/hang"), nil)
		if err != nil {
			return err
		}
		_, err = http.DefaultClient.Do(request)
		return err
	}},
	{"http: redirected in a circle", "go", "WEBHOOK_FAILED", getting("http", "/loop")},
	{"http: HTML instead of JSON", "go", "VALIDATION_FAILED", getting("http", "/html")},
	{"http: half a JSON", "go", "VALIDATION_FAILED", getting("http", "/half-json")},
	{"http: not gzip", "go", "UNKNOWN_ERROR", getting("http", "/not-gzip")},
	{"http: self-signed", "go", "NETWORK_ERROR", func(context.Context) error {
		return get(http.DefaultClient, "https://"+Address("https")+"/")
	}},
	{"http: TLS where there is none", "go", "NETWORK_ERROR", func(context.Context) error {
		return get(http.DefaultClient, "https://"+Address("http")+"/")
	}},
	{"http: no such name", "go", "NETWORK_ERROR", func(context.Context) error {
		return get(http.DefaultClient, "http://shop.invalid/")
	}},
	{"http: an unknown scheme", "go", "VALIDATION_FAILED", func(context.Context) error {
		return get(http.DefaultClient, "shop://orders")
	}},
	{"http: 401", "go", "AUTHENTICATION_ERROR", getting("http", "/status/401")},
	{"http: 422", "go", "VALIDATION_FAILED", getting("http", "/status/422")},
	{"http: 429", "go", "RESOURCE_EXHAUSTED", getting("http", "/status/429")},
	{"http: 503", "go", "WEBHOOK_FAILED", getting("http", "/status/503")},
	{"http: 504", "go", "TIMEOUT", getting("http", "/status/504")},
}
