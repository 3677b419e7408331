// Package charge calls the bank.
package charge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"example.com/shop/billing/draw"
	"github.com/go-resty/resty/v2"
)

// Failed is a charge that the bank refused.
type Failed struct {
	Order int
	Cause error
}

func (f *Failed) Error() string { return fmt.Sprintf("order %d is not settled: %v", f.Order, f.Cause) }
func (f *Failed) Unwrap() error { return f.Cause }

func Charge(d draw.Draw, port, host string) error {
	client := http.Client{Timeout: d.Wait()}
	answer, err := client.Post(fmt.Sprintf("http://%s:%s/v1/charges/%d", host, port, d.Order), "application/json", strings.NewReader("{}"))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		return fmt.Errorf("charge order %d: bank answered %s", d.Order, answer.Status)
	}
	var body struct{ State string }
	return json.NewDecoder(answer.Body).Decode(&body)
}

func Refund(d draw.Draw, port string) error {
	ctx, cancel := context.WithTimeout(context.Background(), d.Wait())
	defer cancel()
	client := resty.New().SetRetryCount(0)
	answer, err := client.R().SetContext(ctx).Put(fmt.Sprintf("http://bank.internal:%s/v1/charges/%d/refunds?trace=%s", port, d.Order, d.UUID))
	if err != nil {
		return err
	}
	if answer.IsError() {
		return fmt.Errorf("refund %s of %s failed: status code %d", d.UUID, d.Email, answer.StatusCode())
	}
	return json.Unmarshal(answer.Body(), &struct{ State string }{})
}

func Settle(d draw.Draw, port string) error {
	if err := Charge(d, port, "bank.internal"); err != nil {
		return &Failed{d.Order, err}
	}
	return nil
}

var errNoAccount = errors.New("account is closed")

func open(d draw.Draw) error {
	return fmt.Errorf("customer %q (%s): account %s: %w", d.Name, d.Email, d.Token, errNoAccount)
}

func limit(d draw.Draw) error {
	return fmt.Errorf("customer %q (%s): limit of %.2f EUR is reached", d.Name, d.Email, -d.Amount)
}

var Cases = []draw.Case{
	{Name: "charge-500", Run: func(d draw.Draw) error { return Charge(d, draw.Port("500"), "bank.internal") }},
	{Name: "charge-503", Run: func(d draw.Draw) error { return Charge(d, draw.Port("503"), "bank.internal") }},
	{Name: "charge-404", Run: func(d draw.Draw) error { return Charge(d, draw.Port("404"), "bank.internal") }},
	{Name: "charge-timeout", Run: func(d draw.Draw) error { return Charge(d, draw.Port("HANG"), "bank.internal") }},
	{Name: "charge-timeout-ledger", Run: func(d draw.Draw) error { return Charge(d, draw.Port("HANG"), "ledger.internal") }},
	{Name: "charge-refused", Run: func(d draw.Draw) error { return Charge(d, draw.Port("CLOSED"), "bank.internal") }},
	{Name: "charge-cut", Run: func(d draw.Draw) error { return Charge(d, draw.Port("CUT"), "bank.internal") }},
	{Name: "charge-broken-json", Run: func(d draw.Draw) error { return Charge(d, draw.Port("BROKEN"), "bank.internal") }},
	{Name: "charge-html", Run: func(d draw.Draw) error { return Charge(d, draw.Port("HTML"), "bank.internal") }},
	{Name: "refund-500", Run: func(d draw.Draw) error { return Refund(d, draw.Port("500")) }},
	{Name: "refund-429", Run: func(d draw.Draw) error { return Refund(d, draw.Port("429")) }},
	{Name: "refund-timeout", Run: func(d draw.Draw) error { return Refund(d, draw.Port("HANG")) }},
	{Name: "refund-refused", Run: func(d draw.Draw) error { return Refund(d, draw.Port("CLOSED")) }},
	{Name: "settle-refused", Run: func(d draw.Draw) error { return Settle(d, draw.Port("CLOSED")) }},
	{Name: "settle-503", Run: func(d draw.Draw) error { return Settle(d, draw.Port("503")) }},
	{Name: "account-closed", Run: open},
	{Name: "limit-reached", Run: limit},
}
