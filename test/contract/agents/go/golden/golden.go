// Package golden produces the failures of the golden set that need only Go, gRPC and the collector's peers.
package golden

import (
	"fmt"

	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
)

// leftOut are cases with a result that varies, and those that the categorizer misses.
var leftOut = map[string]bool{
	"io: end of file":                   true,
	"net: broken pipe":                  true, // often a reset
	"net: no such name":                 true, // depends on the resolver
	"http: no such name":                true,
	"http: a body too late":             true, // on a busy machine the timeout ends before the headers
	"net: an address without a port":    true, // missed
	"mail: not an address":              true,
	"grpc: cut":                         true,
	"tls: hung up during the handshake": true,
}

// outermost are cases with two types in the set. The client sends the outermost one.
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

// Names returns the names of the failures.
func Names() []string {
	names := []string{}
	for name := range cases() {
		names = append(names, name)
	}
	return names
}

// Failure runs a case and returns the error or panic that it produced.
func Failure(name string) (failure, err error) {
	one, ok := cases()[name]
	if !ok {
		return nil, fmt.Errorf("unknown case %s", name)
	}
	if failure = plain.Outcome(one.Act); failure == nil {
		return nil, fmt.Errorf("case %s did not fail", name)
	}
	return failure, nil
}
