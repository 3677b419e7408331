package dlq

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

const (
	// mostErrors are looked at: a chain may be a circle.
	mostErrors = 256
	// mostShown: deeper causes say nothing that a reader would still follow.
	mostShown  = 16
	mostFrames = 32
)

// chainOf is an error, then what it wraps, nearest first. A circle ends with its length.
func chainOf(err error) []error {
	var chain []error
	var visit func(error)
	visit = func(err error) {
		if err == nil || len(chain) == mostErrors {
			return
		}
		chain = append(chain, err)
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			visit(saidBy(e.Unwrap, nil))
		case interface{ Unwrap() []error }:
			for _, one := range saidBy(e.Unwrap, nil) {
				visit(one)
			}
		}
	}
	visit(err)
	return chain
}

// inChain is what errors.As finds by the type alone, also in a chain that is a circle.
func inChain[T any](err error) (found T, ok bool) {
	for _, one := range chainOf(err) {
		if found, ok = one.(T); ok {
			return found, true
		}
	}
	return found, false
}

// saidBy calls a method of somebody else's error: one that panics must not end the program that reports it.
func saidBy[T any](method func() T, otherwise T) (said T) {
	defer func() {
		if recover() != nil {
			said = otherwise
		}
	}()
	return method()
}

// traceOf is what Go has in place of a stack trace: the errors of the chain with their types, then the calls,
// those that an error has itself, else those to the place where it was noticed.
func traceOf(chain []error, stack string) string {
	var text strings.Builder
	for at, err := range chain[:min(len(chain), mostShown)] {
		if at > 0 {
			text.WriteString("caused by: ")
		}
		fmt.Fprintf(&text, "%T: %s\n", err, cut(textOf(err), messageBytes/4))
	}
	for _, err := range chain {
		if own := saidBy(func() string { return ownStack(err) }, ""); own != "" {
			stack = own
		}
	}
	if stack != "" && len(chain) > 0 {
		text.WriteString("\n" + stack)
	}
	return text.String()
}

// ownStack: the stack of a panic, or of errors such as github.com/pkg/errors makes, whose method StackTrace
// gives a list of program counters.
func ownStack(err error) string {
	if e, ok := err.(*PanicError); ok {
		return string(e.stack)
	}
	method := reflect.ValueOf(err).MethodByName("StackTrace")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return ""
	}
	list := method.Call(nil)[0]
	if list.Kind() != reflect.Slice || list.Type().Elem().Kind() != reflect.Uintptr {
		return ""
	}
	counters := make([]uintptr, list.Len())
	for at := range counters {
		counters[at] = uintptr(list.Index(at).Uint())
	}
	return framesOf(counters)
}

// callStack is where the program is, without the calls of this package at its top.
func callStack() string {
	counters := make([]uintptr, mostFrames)
	return framesOf(counters[:runtime.Callers(3, counters)])
}

const ownPrefix = "github.com/dlq-service/dlq/clients/go."

func framesOf(counters []uintptr) string {
	if len(counters) == 0 {
		return ""
	}
	var text strings.Builder
	frames := runtime.CallersFrames(counters)
	for {
		frame, more := frames.Next()
		isOwn := text.Len() == 0 && strings.HasPrefix(frame.Function, ownPrefix)
		if frame.Function != "" && !isOwn {
			// As the runtime prints it.
			fmt.Fprintf(&text, "%s(...)\n\t%s:%d\n", frame.Function, frame.File, frame.Line)
		}
		if !more {
			return text.String()
		}
	}
}
