// Runs the cases and prints each failure as a Go program would usually report it.
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

	smithy "github.com/aws/smithy-go/transport/http"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	"google.golang.org/grpc/status"
)

type failing = plain.Failing

// Types that only wrap an error.
var wrappers = map[string]bool{
	"*errors.errorString": true, "*errors.joinError": true, "*fmt.wrapError": true,
	"*fmt.wrapErrors": true, "*os.SyscallError": true, "syscall.Errno": true,
}

// isBlind reports that the failures are recorded as the client sends them.
var isBlind = os.Getenv("GOLDEN_SET") != "golden"

func main() {
	groups := [][]failing{plain.All(), files, parsers, redisClients, databases, services}
	if isBlind {
		groups = [][]failing{map[string][]failing{"blind": joined(blind, blind2), "held-out": heldOut}[os.Getenv("GOLDEN_SET")]}
	}
	for _, group := range groups {
		for _, one := range group {
			if strings.Contains(one.Name, os.Getenv("GOLDEN_ONLY")) {
				report(one)
			}
		}
	}
}

func report(one failing) {
	err := plain.Outcome(one.Act)
	if err == nil {
		fmt.Fprintf(os.Stderr, "%s: nothing failed\n", one.Name)
		return
	}
	if isBlind {
		writeSent(one, err)
		return
	}
	outermost, innermost := reflect.TypeOf(err).String(), innermostType(err)
	write(one, one.Name, innermost, err)
	// Half of the programs print the outer type.
	if outermost != innermost {
		write(one, one.Name+", outermost type", outermost, err)
	}
}

func write(one failing, name, kind string, err error) {
	entry := map[string]any{
		"library": version(one.Library), "reason": one.Reason,
		"type": kind, "message": err.Error(),
	}
	if held, ok := status.FromError(err); ok {
		entry["grpc_code"] = int(held.Code())
	}
	var response *smithy.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() > 0 {
		entry["http_status"] = response.HTTPStatusCode()
	}
	print(name, entry)
}

// writeSent writes the failure as the Go client sends it.
func writeSent(one failing, err error) {
	fake := dlqtest.StartFake()
	defer fake.Stop()
	if _, lost := fake.Client().Send(context.Background(), "golden", []byte("1"), err); lost != nil {
		panic(lost)
	}
	sent := fake.Messages("golden")[0].Failures[0]
	entry := map[string]any{
		"library": version(one.Library), "reason": one.Reason, "type": sent.Type, "message": sent.Message,
	}
	if sent.GrpcCode != nil {
		entry["grpc_code"] = sent.GetGrpcCode()
	}
	if sent.HttpStatus != nil {
		entry["http_status"] = sent.GetHttpStatus()
	}
	if state := sent.Attributes["sqlstate"]; state != "" {
		entry["sqlstate"] = state
	}
	print(one.Name, entry)
}

// print starts with the name, because it identifies the failure.
func print(name string, entry map[string]any) {
	rest, _ := json.Marshal(entry)
	first, _ := json.Marshal(name)
	fmt.Printf("{\"name\":%s,%s\n", first, rest[1:])
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
