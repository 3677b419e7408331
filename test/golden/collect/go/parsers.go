package main

import (
	"context"
	"encoding/json"

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
	{"json: into a value", "go", "EXECUTION_FAILED", func(context.Context) error {
		return json.Unmarshal([]byte("{}"), order{})
	}},
	{"yaml: a wrong type", "gopkg.in/yaml.v3", "VALIDATION_FAILED", func(context.Context) error {
		return yaml.Unmarshal([]byte("id: five"), &order{})
	}},
	{"yaml: cut off", "gopkg.in/yaml.v3", "VALIDATION_FAILED", func(context.Context) error {
		return yaml.Unmarshal([]byte("{id: 5"), &order{})
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
