// Package plain has the golden failures of Go itself and of gRPC.
package plain

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Failing is a case: how to cause a failure, and the expected reason.
type Failing struct {
	Name, Library, Reason string
	Act                   func(context.Context) error
}

// All cases can run at the same time.
func All() []Failing { return slices.Concat(language, parsers, webClients, calls()) }

const limit = 10 * time.Second

// Outcome returns the error or the panic of a case, or nil if it did not fail.
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
