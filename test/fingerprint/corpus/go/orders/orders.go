// Package orders reads orders.
package orders

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.com/shop/billing/draw"
	"github.com/go-playground/validator/v10"
	"gopkg.in/yaml.v3"
)

type Item struct {
	Sku   string `json:"sku" validate:"required"`
	Count int    `json:"count" validate:"gt=0"`
}

type Order struct {
	Total    float64           `json:"total" validate:"gte=0"`
	Currency string            `json:"currency" validate:"required,max=3"`
	Email    string            `json:"email" validate:"omitempty,email"`
	Items    []Item            `json:"items" validate:"dive"`
	Customer *Customer         `json:"-"`
	Labels   map[string]string `json:"-"`
}

type Customer struct{ Street string }

func read(text string) (order Order, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&order)
	return order, err
}

func parse(text string) error {
	_, err := read(text)
	return err
}

func check(order Order) error { return validator.New().Struct(order) }

func items(d draw.Draw, item Item) []Item {
	var all []Item
	for range d.Index {
		all = append(all, Item{"a", 1})
	}
	return append(all, item)
}

func total(text string) error {
	_, err := strconv.Atoi(text)
	return err
}

func price(text string) error {
	_, err := strconv.ParseFloat(text, 64)
	return err
}

func due(text string) error {
	_, err := time.Parse(time.DateOnly, text)
	return err
}

func config(text string) error {
	var into struct {
		Rate  int
		Names []string
	}
	return yaml.Unmarshal([]byte(text), &into)
}

func street(order Order) error {
	_ = order.Customer.Street
	return nil
}

func label(order Order) error {
	order.Labels["paid"] = "yes"
	return nil
}

func first(order Order, at int) error {
	_ = order.Items[at].Sku
	return nil
}

func ratio(total, count int) error {
	_ = total / count
	return nil
}

func reserve(d draw.Draw) error {
	return fmt.Errorf("item %s is out of stock: %d left, %d wanted", d.Hash, d.Index, d.Order)
}

func publish(d draw.Draw) error {
	return fmt.Errorf("event %s for order %d has no topic", d.Token, d.Order)
}

func archive(d draw.Draw) error {
	return fmt.Errorf("event %s for order %d has no topic", d.Token, d.Order)
}

var Cases = []draw.Case{
	{Name: "read-total-type", Run: func(d draw.Draw) error {
		return parse(fmt.Sprintf(`{"id2": 1}`[:0]+`{"total": %q, "currency": "EUR"}`, d.Word))
	}},
	{Name: "read-count-type", Run: func(d draw.Draw) error {
		return parse(fmt.Sprintf(`{"items": [{"sku": %q, "count": %q}]}`, d.Hash, d.Word))
	}},
	{Name: "read-unknown-name", Run: func(d draw.Draw) error { return parse(fmt.Sprintf(`{"name": %q}`, d.Name)) }},
	{Name: "read-unknown-state", Run: func(d draw.Draw) error { return parse(fmt.Sprintf(`{"total": %d, "state": "x"}`, d.Order)) }},
	{Name: "read-empty", Run: func(d draw.Draw) error { return parse("") }},
	{Name: "read-cut", Run: func(d draw.Draw) error { return parse(fmt.Sprintf(`{"total": %d, "currency`, d.Order)) }},
	{Name: "read-syntax", Run: func(d draw.Draw) error { return parse(fmt.Sprintf(`{"total": %s}`, d.Word)) }},
	{Name: "check-total", Run: func(d draw.Draw) error { return check(Order{Total: d.Amount, Currency: "EUR"}) }},
	{Name: "check-currency-missing", Run: func(d draw.Draw) error { return check(Order{Total: float64(d.Order)}) }},
	{Name: "check-currency-long", Run: func(d draw.Draw) error { return check(Order{Currency: d.Code}) }},
	{Name: "check-email", Run: func(d draw.Draw) error { return check(Order{Currency: "EUR", Email: d.Name}) }},
	{Name: "check-sku", Run: func(d draw.Draw) error { return check(Order{Currency: "EUR", Items: items(d, Item{"", 1})}) }},
	{Name: "check-count", Run: func(d draw.Draw) error { return check(Order{Currency: "EUR", Items: items(d, Item{d.Hash, -d.Order})}) }},
	{Name: "total-no-number", Run: func(d draw.Draw) error { return total(d.Word) }},
	{Name: "total-range", Run: func(d draw.Draw) error { return total(fmt.Sprintf("%d000000000000000000000", d.Order)) }},
	{Name: "price-no-number", Run: func(d draw.Draw) error { return price(d.Word) }},
	{Name: "due-date", Run: func(d draw.Draw) error { return due("x" + d.BadDate) }},
	{Name: "config-rate", Run: func(d draw.Draw) error { return config("rate: " + d.Name) }},
	{Name: "config-names", Run: func(d draw.Draw) error { return config(fmt.Sprintf("rate: %d\nnames: %s", d.Order, d.Word)) }},
	{Name: "no-customer", Run: func(d draw.Draw) error { return street(Order{Total: float64(d.Order)}) }},
	{Name: "no-labels", Run: func(d draw.Draw) error { return label(Order{Total: float64(d.Order)}) }},
	{Name: "first-item", Run: func(d draw.Draw) error { return first(Order{}, d.Index) }},
	{Name: "by-zero", Run: func(d draw.Draw) error { return ratio(d.Order, 0) }},
	{Name: "reserve", Run: reserve},
	{Name: "publish", Run: publish},
	{Name: "archive", Run: archive},
	{Name: "base64", Run: func(d draw.Draw) error {
		_, err := base64.StdEncoding.DecodeString(d.Token[:8+d.Index%3] + "*")
		return err
	}},
	{Name: "bad-url", Run: func(d draw.Draw) error {
		_, err := url.Parse(fmt.Sprintf("http://shop.example/%d/%%zz", d.Order))
		return err
	}},
}
