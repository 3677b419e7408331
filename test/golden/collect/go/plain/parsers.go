package plain

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"net/mail"
	neturl "net/url"
	"strconv"
	"time"
)

type order struct {
	ID    int    `json:"id" xml:"id"`
	Email string `json:"email"`
}

func fromJSON(text string) func(context.Context) error {
	return func(context.Context) error { return json.Unmarshal([]byte(text), &order{}) }
}

var parsers = []Failing{
	{"json: empty", "go", "VALIDATION_FAILED", fromJSON("")},
	{"json: HTML", "go", "VALIDATION_FAILED", fromJSON("<html>")},
	{"json: a wrong type", "go", "VALIDATION_FAILED", fromJSON(`{"id": "five"}`)},
	{"json: a number too large", "go", "VALIDATION_FAILED", fromJSON(`{"id": 1e40}`)},
	{"json: a channel", "go", "EXECUTION_FAILED", func(context.Context) error {
		_, err := json.Marshal(make(chan int))
		return err
	}},
	{"xml: cut off", "go", "VALIDATION_FAILED", func(context.Context) error {
		return xml.Unmarshal([]byte("<order><id>"), &order{})
	}},
	{"strconv: not a number", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := strconv.Atoi("five")
		return err
	}},
	{"time: not a date", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := time.Parse(time.RFC3339, "soon")
		return err
	}},
	{"time: not a duration", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := time.ParseDuration("soon")
		return err
	}},
	{"url: not a URL", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := neturl.Parse("http://[::1")
		return err
	}},
	{"mail: not an address", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := mail.ParseAddress("shop")
		return err
	}},
	{"base64: not base64", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := base64.StdEncoding.DecodeString("?")
		return err
	}},
	{"hex: not hex", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := hex.DecodeString("xy")
		return err
	}},
}
