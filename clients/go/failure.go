package dlq

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"reflect"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Limits of the contract; what is longer is cut a little above them, so that the server flags it.
const (
	typeBytes      = 512
	messageBytes   = 4 << 10
	stackBytes     = 16 << 10
	attributeBytes = 1 << 10
)

// wrappers carry an error and say nothing of it themselves.
var wrappers = map[string]bool{
	"*errors.errorString": true, "*errors.joinError": true, "*fmt.wrapError": true, "*fmt.wrapErrors": true,
	"*errors.withMessage": true, "*errors.withStack": true, // github.com/pkg/errors
	"*dlq.retryAfterError": true, "*dlq.nonRetryableError": true, "*dlq.PanicError": true,
	"*os.SyscallError": true, "syscall.Errno": true,
}

// failureOf is what is known of an error; stack is where it was noticed. It never panics, whatever the
// error does.
func failureOf(cause error, stack string) (failure *dlqv1.Failure) {
	failure = &dlqv1.Failure{}
	defer func() {
		if recover() != nil && failure.Message == "" {
			failure.Message = fmt.Sprintf("an error of type %T that can't be shown", cause)
		}
	}()
	chain := chainOf(cause)
	words := textOf(cause)
	failure.Type = cut(typeOf(chain, words), typeBytes)
	failure.Message = cut(words, messageBytes)
	failure.StackTrace = cut(traceOf(chain, stack), stackBytes)
	failure.Attributes = attributesOf(chain)
	if call, ok := inChain[interface{ GRPCStatus() *status.Status }](cause); ok {
		if told := saidBy(call.GRPCStatus, nil); told != nil {
			readStatus(failure, told)
		}
	}
	for _, err := range chain {
		answer := answerOf(err)
		if answer.status == 0 {
			continue
		}
		code := int32(answer.status) //nolint:gosec // 100 to 599
		failure.HttpStatus = &code
		if answer.retryAfter != "" {
			setAttribute(failure.Attributes, "retry-after", answer.retryAfter)
		}
		break
	}
	return failure
}

func readStatus(failure *dlqv1.Failure, told *status.Status) {
	code := int32(told.Code()) //nolint:gosec // 0 to 16
	failure.GrpcCode = &code
	for _, detail := range told.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok && retry.GetRetryDelay() != nil {
			failure.RetryAfter = durationpb.New(retry.GetRetryDelay().AsDuration())
		}
	}
}

// typeOf is the outermost type that says something, as Go names it: `*shop.OrderError`, `*net.OpError`. Where one
// of the chain has a code that the words of the whole do not say, that too: `*shop.OrderError [ECONNREFUSED]`.
func typeOf(chain []error, words string) string {
	if len(chain) == 0 {
		return ""
	}
	name := reflect.TypeOf(chain[0]).String()
	for _, err := range chain {
		if found := reflect.TypeOf(err).String(); !wrappers[found] {
			name = found
			break
		}
	}
	for _, err := range chain {
		if code := sqlStateOf(err); code != "" && !strings.Contains(words, code) {
			return name + " [SQLSTATE " + code + "]"
		}
		number, ok := err.(syscall.Errno)
		if ok && errnoNames[number] != "" && !strings.Contains(words, number.Error()) {
			return name + " [" + errnoNames[number] + "]"
		}
	}
	return name
}

// sqlStateOf: pgx and lib/pq have this method.
func sqlStateOf(err error) string {
	if told, ok := err.(interface{ SQLState() string }); ok {
		return saidBy(told.SQLState, "")
	}
	return ""
}

// errnoNames are codes that name the cause by themselves.
var errnoNames = map[syscall.Errno]string{
	syscall.ECONNREFUSED: "ECONNREFUSED", syscall.ECONNRESET: "ECONNRESET", syscall.ECONNABORTED: "ECONNABORTED",
	syscall.EPIPE: "EPIPE", syscall.ETIMEDOUT: "ETIMEDOUT", syscall.EHOSTUNREACH: "EHOSTUNREACH",
	syscall.ENETUNREACH: "ENETUNREACH", syscall.ENOSPC: "ENOSPC", syscall.ENOENT: "ENOENT",
	syscall.EACCES: "EACCES", syscall.EMFILE: "EMFILE", syscall.ENOMEM: "ENOMEM",
}

// attributesOf are fields that errors of the standard library have beside their words.
func attributesOf(chain []error) map[string]string {
	found := map[string]string{}
	for _, err := range chain {
		switch e := err.(type) {
		case *net.OpError:
			setAttribute(found, "syscall", e.Op)
			if e.Addr != nil {
				setAttribute(found, "address", e.Addr.String())
			}
		case *net.DNSError:
			setAttribute(found, "hostname", e.Name)
		case *fs.PathError:
			setAttribute(found, "path", e.Path)
		case *os.SyscallError:
			setAttribute(found, "syscall", e.Syscall)
		case syscall.Errno:
			setAttribute(found, "errno", errnoNames[e])
		}
		setAttribute(found, "sqlstate", sqlStateOf(err))
	}
	return found
}

// setAttribute: the outermost that has a value counts.
func setAttribute(attributes map[string]string, name, value string) {
	if _, ok := attributes[name]; !ok && value != "" {
		attributes[name] = cut(value, attributeBytes)
	}
}

// textOf is an error's own words; an error that panics in saying them has none.
func textOf(err error) (words string) {
	defer func() {
		if recover() != nil {
			words = fmt.Sprintf("an error of type %T that can't be shown", err)
		}
	}()
	if err == nil {
		return ""
	}
	return err.Error()
}

// cut gives text that protobuf can hold, a little longer than the limit if it is longer.
func cut(text string, limit int) string {
	const most = utf8.UTFMax
	if len(text) > limit+most {
		end := limit + most
		for end > limit && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
