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

// The server's limits. A longer text is cut a little above its limit, so that the server marks it as cut.
const (
	maxTypeBytes        = 512
	maxMessageBytes     = 4 << 10
	maxStackBytes       = 16 << 10
	maxAttributeBytes   = 1 << 10
	maxFingerprintBytes = 256
)

// wrappers are error types that say nothing about the cause.
var wrappers = map[string]bool{
	"*errors.errorString": true, "*errors.joinError": true, "*fmt.wrapError": true, "*fmt.wrapErrors": true,
	"*errors.withMessage": true, "*errors.withStack": true, // github.com/pkg/errors
	"*dlq.retryAfterError": true, "*dlq.nonRetryableError": true,
	"*dlq.fingerprintError": true, "*dlq.PanicError": true,
	"*os.SyscallError": true, "syscall.Errno": true,
}

// failureOf returns the failure that describes an error. stack is the place of the send. It never panics,
// whatever the error's methods do.
func failureOf(cause error, stack string) (failure *dlqv1.Failure) {
	failure = &dlqv1.Failure{}
	defer func() {
		if recover() != nil && failure.Message == "" {
			failure.Message = noText(cause)
		}
	}()
	chain := chainOf(cause)
	text := textOf(cause)
	if named, ok := inChain[*fingerprintError](cause); ok {
		failure.Fingerprint = cut(named.fingerprint, maxFingerprintBytes)
	}
	failure.Type = cut(typeOf(chain, text), maxTypeBytes)
	failure.Message = cut(text, maxMessageBytes)
	failure.StackTrace = cut(traceOf(chain, stack), maxStackBytes)
	failure.Attributes = attributesOf(chain)
	if call, ok := inChain[interface{ GRPCStatus() *status.Status }](cause); ok {
		if st := safeRead(call.GRPCStatus, nil); st != nil {
			addStatus(failure, st)
		}
	}
	for _, err := range chain {
		response := httpResponseOf(err)
		if response.status == 0 {
			continue
		}
		code := int32(response.status) //nolint:gosec // 100 to 599
		failure.HttpStatus = &code
		setAttribute(failure.Attributes, "retry-after", response.retryAfter)
		break
	}
	return failure
}

func addStatus(failure *dlqv1.Failure, st *status.Status) {
	code := int32(st.Code()) //nolint:gosec // 0 to 16
	failure.GrpcCode = &code
	for _, detail := range st.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok && retry.GetRetryDelay() != nil {
			failure.RetryAfter = durationpb.New(retry.GetRetryDelay().AsDuration())
		}
	}
}

// typeOf returns the outermost type that is no wrapper, such as `*net.OpError`. It appends a code of the chain
// that the error's text lacks: `*shop.OrderError [ECONNREFUSED]`.
func typeOf(chain []error, text string) string {
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
		if code := sqlStateOf(err); code != "" && !strings.Contains(text, code) {
			return name + " [SQLSTATE " + code + "]"
		}
		number, ok := err.(syscall.Errno)
		if ok && errnoNames[number] != "" && !strings.Contains(text, number.Error()) {
			return name + " [" + errnoNames[number] + "]"
		}
	}
	return name
}

// sqlStateOf returns the SQLSTATE of an error of pgx or lib/pq, or "".
func sqlStateOf(err error) string {
	if sqlErr, ok := err.(interface{ SQLState() string }); ok {
		return safeRead(sqlErr.SQLState, "")
	}
	return ""
}

// errnoNames are the codes that name a cause without their context.
var errnoNames = map[syscall.Errno]string{
	syscall.ECONNREFUSED: "ECONNREFUSED", syscall.ECONNRESET: "ECONNRESET", syscall.ECONNABORTED: "ECONNABORTED",
	syscall.EPIPE: "EPIPE", syscall.ETIMEDOUT: "ETIMEDOUT", syscall.EHOSTUNREACH: "EHOSTUNREACH",
	syscall.ENETUNREACH: "ENETUNREACH", syscall.ENOSPC: "ENOSPC", syscall.ENOENT: "ENOENT",
	syscall.EACCES: "EACCES", syscall.EMFILE: "EMFILE", syscall.ENOMEM: "ENOMEM",
}

// attributesOf returns the fields of the standard library's errors.
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

// setAttribute sets an attribute, unless an outer error has set it or the value is empty.
func setAttribute(attributes map[string]string, name, value string) {
	if _, ok := attributes[name]; !ok && value != "" {
		attributes[name] = cut(value, maxAttributeBytes)
	}
}

// textOf returns the text of an error, also if its method Error panics.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return safeRead(err.Error, noText(err))
}

func noText(err error) string {
	return fmt.Sprintf("an error of type %T whose text can't be read", err)
}

// cut returns valid UTF-8, cut a little above the limit.
func cut(text string, limit int) string {
	if len(text) > limit+utf8.UTFMax {
		end := limit + utf8.UTFMax
		for end > limit && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
