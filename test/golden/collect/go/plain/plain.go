// Package plain has the failures that Go itself and gRPC make, by which the golden set knows them.
package plain

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Failing is what is made to happen, and what an operator would say of it.
type Failing struct {
	Name, Library, Reason string
	Act                   func(context.Context) error
}

// All of them can be made at the same time.
func All() []Failing { return slices.Concat(language, parsers, webClients, calls()) }

const limit = 10 * time.Second

// Outcome is what it fails with, also where it panics; nil where nothing has failed.
func Outcome(act func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	defer func() {
		if thrown := recover(); thrown != nil {
			if held, ok := thrown.(error); ok {
				err = held
			} else {
				err = fmt.Errorf("%v", thrown)
			}
		}
	}()
	return act(ctx)
}
