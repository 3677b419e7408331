package main

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

	"github.com/go-playground/validator/v10"
	"github.com/golang-jwt/jwt/v5"
	"gopkg.in/yaml.v3"
)

const (
	validatorLib = "github.com/go-playground/validator/v10"
	jwtLib       = "github.com/golang-jwt/jwt/v5"
)

type order struct {
	ID    int    `json:"id" xml:"id" yaml:"id" validate:"required"`
	Email string `json:"email" validate:"email"`
}

func fromJSON(text string) func(context.Context) error {
	return func(context.Context) error { return json.Unmarshal([]byte(text), &order{}) }
}

func verify(claims jwt.MapClaims, key string) func(context.Context) error {
	return func(context.Context) error {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("key"))
		if err != nil {
			return err
		}
		_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(key), nil })
		return err
	}
}

var parsers = []failing{
	{"json: empty", "go", "VALIDATION_FAILED", fromJSON("")},
	{"json: HTML", "go", "VALIDATION_FAILED", fromJSON("<html>")},
	{"json: a wrong type", "go", "VALIDATION_FAILED", fromJSON(`{"id": "five"}`)},
	{"json: a number too large", "go", "VALIDATION_FAILED", fromJSON(`{"id": 1e40}`)},
	{"json: a channel", "go", "EXECUTION_FAILED", func(context.Context) error {
		_, err := json.Marshal(make(chan int))
		return err
	}},
	{"json: into a value", "go", "EXECUTION_FAILED", func(context.Context) error {
		return json.Unmarshal([]byte("{}"), order{})
	}},
	{"xml: cut off", "go", "VALIDATION_FAILED", func(context.Context) error {
		return xml.Unmarshal([]byte("<order><id>"), &order{})
	}},
	{"yaml: a wrong type", "gopkg.in/yaml.v3", "VALIDATION_FAILED", func(context.Context) error {
		return yaml.Unmarshal([]byte("id: five"), &order{})
	}},
	{"yaml: cut off", "gopkg.in/yaml.v3", "VALIDATION_FAILED", func(context.Context) error {
		return yaml.Unmarshal([]byte("{id: 5"), &order{})
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
	{"validator: two fields", validatorLib, "VALIDATION_FAILED", func(context.Context) error {
		return validator.New().Struct(order{Email: "x"})
	}},
	{"validator: not a struct", validatorLib, "EXECUTION_FAILED", func(context.Context) error {
		return validator.New().Struct(5)
	}},
	{"jwt: expired", jwtLib, "AUTHENTICATION_ERROR", verify(jwt.MapClaims{"exp": 1}, "key")},
	{"jwt: another key", jwtLib, "AUTHENTICATION_ERROR", verify(jwt.MapClaims{}, "other")},
	{"jwt: malformed", jwtLib, "AUTHENTICATION_ERROR", func(context.Context) error {
		_, err := jwt.Parse("abc", nil)
		return err
	}},
}
