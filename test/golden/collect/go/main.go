// Runs the cases, and writes each failure as a Go program would naturally report it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	smithy "github.com/aws/smithy-go/transport/http"
	"google.golang.org/grpc/status"
)

// failing is what is made to happen, and what an operator would say of it.
type failing struct {
	name, library, reason string
	act                   func(context.Context) error
}

const limit = 10 * time.Second

// Types that carry an error, and say nothing of it themselves.
var wrappers = map[string]bool{
	"*errors.errorString": true, "*errors.joinError": true, "*fmt.wrapError": true,
	"*fmt.wrapErrors": true, "*os.SyscallError": true, "syscall.Errno": true,
}

func main() {
	for _, group := range [][]failing{language, parsers, webClients, redisClients, databases, services} {
		for _, one := range group {
			if strings.Contains(one.name, os.Getenv("GOLDEN_ONLY")) {
				report(one)
			}
		}
	}
}

func report(one failing) {
	err := outcome(one.act)
	if err == nil {
		fmt.Fprintf(os.Stderr, "%s: nothing failed\n", one.name)
		return
	}
	outermost, innermost := reflect.TypeOf(err).String(), innermostType(err)
	write(one, one.name, innermost, err)
	// Half of the programs print the type that they hold.
	if outermost != innermost {
		write(one, one.name+", outermost type", outermost, err)
	}
}

func write(one failing, name, kind string, err error) {
	entry := map[string]any{
		"name": name, "library": version(one.library), "reason": one.reason,
		"type": kind, "message": err.Error(),
	}
	if held, ok := status.FromError(err); ok {
		entry["grpc_code"] = int(held.Code())
	}
	var response *smithy.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() > 0 {
		entry["http_status"] = response.HTTPStatusCode()
	}
	// The name comes first: the runner knows a failure by it.
	rest, _ := json.Marshal(entry)
	first, _ := json.Marshal(name)
	fmt.Printf("{\"name\":%s,%s\n", first, rest[1:])
}

func outcome(act func(context.Context) error) (err error) {
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

func innermostType(err error) string {
	found := reflect.TypeOf(err).String()
	for ; err != nil; err = errors.Unwrap(err) {
		if name := reflect.TypeOf(err).String(); !wrappers[name] {
			found = name
		}
	}
	return found
}

func version(library string) string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == library {
			return library + " " + strings.TrimPrefix(module.Version, "v")
		}
	}
	return "go"
}
