// Package setup checks the arguments of the helpers that wrap functions, when a program sets them up.
package setup

import "reflect"

// Check panics in words if a helper has no client or queue: otherwise each failure would be lost later.
func Check(helper string, client any, queue string) {
	if value := reflect.ValueOf(client); !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil() {
		panic("dlq: the client of " + helper + " is nil")
	}
	if queue == "" {
		panic("dlq: the queue of " + helper + " is empty")
	}
}
