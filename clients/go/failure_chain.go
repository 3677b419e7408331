package dlq

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

const (
	// maxErrors bounds a chain, which may be a circle.
	maxErrors = 256
	// maxShownErrors bounds the errors in a stack trace.
	maxShownErrors = 16
	maxFrames      = 32
)

// chainOf returns an error and all errors that it wraps, outermost first, up to maxErrors.
func chainOf(err error) []error {
	var chain []error
	var visit func(error)
	visit = func(err error) {
		if err == nil || len(chain) == maxErrors {
			return
		}
		chain = append(chain, err)
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			visit(safeRead(e.Unwrap, nil))
		case interface{ Unwrap() []error }:
			for _, one := range safeRead(e.Unwrap, nil) {
				visit(one)
			}
		}
	}
	visit(err)
	return chain
}

// inChain is like errors.As by the type alone, and safe for a chain that is a circle.
func inChain[T any](err error) (found T, ok bool) {
	for _, one := range chainOf(err) {
		if found, ok = one.(T); ok {
			return found, true
		}
	}
	return found, false
}

// alone returns err, or the error that it wraps alone, as a T. One that is joined with others does not count: it is only
// a part of what happened.
func alone[T any](err error) (found T, ok bool) {
	for range maxErrors {
		if found, ok = err.(T); ok {
			return found, true
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = safeRead(e.Unwrap, nil)
		case interface{ Unwrap() []error }:
			joined := safeRead(e.Unwrap, nil)
			if len(joined) != 1 {
				return found, false
			}
			err = joined[0]
		default:
			return found, false
		}
	}
	return found, false
}

// safeRead calls a method of a foreign object, such as an error. It returns defaultValue if the method panics.
func safeRead[T any](method func() T, defaultValue T) (value T) {
	defer func() {
		if recover() != nil {
			value = defaultValue
		}
	}()
	return method()
}

// traceOf returns a stack trace: the errors of the chain with their types, then the stack of the innermost
// error that has one, or else the stack of the send.
func traceOf(chain []error, stack string) string {
	var text strings.Builder
	for i, err := range chain[:min(len(chain), maxShownErrors)] {
		if i > 0 {
			text.WriteString("caused by: ")
		}
		fmt.Fprintf(&text, "%T: %s\n", err, cut(textOf(err), maxMessageBytes/4))
	}
	for _, err := range chain {
		if own := safeRead(func() string { return ownStack(err) }, ""); own != "" {
			stack = own
		}
	}
	if stack != "" && len(chain) > 0 {
		text.WriteString("\n" + stack)
	}
	return text.String()
}

// ownStack returns the stack of a panic, or of an error whose method StackTrace returns program counters, as in
// github.com/pkg/errors.
func ownStack(err error) string {
	if e, ok := err.(*PanicError); ok {
		return e.Stack()
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
	for i := range counters {
		counters[i] = uintptr(list.Index(i).Uint())
	}
	return framesOf(counters)
}

// callStack returns the stack of the caller, without the top frames of this package.
func callStack() string {
	counters := make([]uintptr, maxFrames)
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
			// The format of the Go runtime.
			fmt.Fprintf(&text, "%s(...)\n\t%s:%d\n", frame.Function, frame.File, frame.Line)
		}
		if !more {
			return text.String()
		}
	}
}
