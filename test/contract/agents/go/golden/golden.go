// Package golden makes the failures of the golden set that need nothing but Go, gRPC and the collector's peers.
package golden

import (
	"fmt"

	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
)

// leftOut are cases that can't be relied on here, and those that the categorizer misses.
var leftOut = map[string]bool{
	"net: broken pipe":                  true, // is a reset just as often
	"net: no such name":                 true, // asks whatever resolver there is
	"http: no such name":                true,
	"http: a body too late":             true, // by a short timeout, which a busy machine meets before the headers
	"net: an address without a port":    true, // missed
	"mail: not an address":              true,
	"grpc: cut":                         true,
	"tls: hung up during the handshake": true,
}

// outermost are those of which the set has two types, and the client sends the one that a program holds.
var outermost = map[string]bool{
	"net: a closed connection": true, "net: connecting too slow": true, "net: reading too slow": true,
	"tls: self-signed": true, "http: a context too short": true, "http: connecting too slow": true,
	"http: headers too late": true, "http: no answer in time": true, "http: refused": true, "http: reset": true,
	"http: self-signed": true,
}

func nameOf(one plain.Failing) string {
	if outermost[one.Name] {
		return one.Name + ", outermost type"
	}
	return one.Name
}

func cases() map[string]plain.Failing {
	found := map[string]plain.Failing{}
	for _, one := range plain.All() {
		if !leftOut[one.Name] {
			found[nameOf(one)] = one
		}
	}
	return found
}

// Names of the failures that can be made.
func Names() []string {
	names := []string{}
	for name := range cases() {
		names = append(names, name)
	}
	return names
}

// Failure makes one happen, and gives what was returned or panicked with.
func Failure(name string) (failure, err error) {
	one, ok := cases()[name]
	if !ok {
		return nil, fmt.Errorf("there is no case %s", name)
	}
	if failure = plain.Outcome(one.Act); failure == nil {
		return nil, fmt.Errorf("nothing failed: %s", name)
	}
	return failure, nil
}
