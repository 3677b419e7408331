package dlq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

type pgError struct{ Code string }

func (e *pgError) Error() string    { return "relation does not exist (SQLSTATE " + e.Code + ")" }
func (e *pgError) SQLState() string { return e.Code }

// shopError has a cause that its text does not show.
type shopError struct{ cause error }

func (e *shopError) Error() string { return "the order could not be charged" }
func (e *shopError) Unwrap() error { return e.cause }

type responseError struct{ Response *http.Response }

func (responseError) Error() string { return "the shop answered 429" }

type badError struct{}

func (*badError) Error() string { panic("no text") }

func TestFailureTypeIsOutermostMeaningfulType(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for want, err := range map[string]error{
		"*errors.errorString":             errors.New("x"),
		"context.deadlineExceededError":   fmt.Errorf("load: %w", context.DeadlineExceeded),
		"*net.OpError":                    fmt.Errorf("charge: %w", refused),
		"*dlq.shopError [ECONNREFUSED]":   &shopError{refused},
		"*dlq.pgError":                    RetryAfter(&pgError{"42P01"}, time.Second),
		"*dlq.shopError [SQLSTATE 42P01]": &shopError{&pgError{"42P01"}},
		"runtime.boundsError":             catchPanic(func() error { return []error{}[len(os.Args)] }),
	} {
		if got := failureOf(err, "").GetType(); got != want {
			t.Errorf("%v: got type %q, want %q", err, got, want)
		}
	}
}

func TestFailureReadsGRPCStatus(t *testing.T) {
	st, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(
		&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	failure := failureOf(fmt.Errorf("charge: %w", st.Err()), "")
	if failure.GetGrpcCode() != 8 || failure.GetRetryAfter().AsDuration() != 7*time.Second {
		t.Errorf("got %v", failure)
	}
}

func TestMailServerCodeIsNotHTTPStatus(t *testing.T) {
	failure := failureOf(fmt.Errorf("send: %w", &textproto.Error{Code: 550, Msg: "no such mailbox"}), "")
	if failure.HttpStatus != nil || !strings.Contains(failure.GetMessage(), "no such mailbox") { //nolint:protogetter // may be absent
		t.Errorf("got %v", failure)
	}
}

// SMTPError is like that of github.com/emersion/go-smtp.
type SMTPError struct {
	Code    int
	Message string
}

func (e *SMTPError) Error() string { return fmt.Sprintf("SMTP error %d: %s", e.Code, e.Message) }

func TestMailLibraryCodeIsNotHTTPStatus(t *testing.T) {
	for _, code := range []int{450, 550} {
		failure := failureOf(fmt.Errorf("send: %w", &SMTPError{code, "no such mailbox"}), "")
		if failure.HttpStatus != nil { //nolint:protogetter // may be absent
			t.Errorf("got %v", failure)
		}
	}
}

// AMQPError is like that of github.com/rabbitmq/amqp091-go.
type AMQPError struct {
	Code   int
	Reason string
}

func (e *AMQPError) Error() string { return fmt.Sprintf("Exception (%d) Reason: %q", e.Code, e.Reason) }

func TestBrokerCodeIsNotHTTPStatus(t *testing.T) {
	failure := failureOf(&AMQPError{501, "i/o timeout"}, "")
	if failure.HttpStatus != nil { //nolint:protogetter // may be absent
		t.Errorf("got %v", failure)
	}
}

func TestFailureReadsHTTPResponse(t *testing.T) {
	response := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"30"}}}
	failure := failureOf(fmt.Errorf("charge: %w", responseError{response}), "")
	if failure.GetHttpStatus() != 429 || failure.GetAttributes()["retry-after"] != "30" {
		t.Errorf("got %v", failure)
	}
}

func TestFailureHasCausesAndStack(t *testing.T) {
	err := errors.Join(fmt.Errorf("charge: %w", &pgError{"57014"}), context.Canceled)
	trace := failureOf(err, callStack()).GetStackTrace()
	for _, want := range []string{"caused by: *dlq.pgError", "context canceled", "testing.tRunner"} {
		if !strings.Contains(trace, want) {
			t.Errorf("no %q in %s", want, trace)
		}
	}
	if panicked := failureOf(catchPanic(func() error { panic("here") }), ""); !strings.Contains(panicked.GetStackTrace(), "TestFailureHasCausesAndStack") {
		t.Errorf("the stack of a panic is %s", panicked.GetStackTrace())
	}
}

func TestFailureOfErrorWithoutText(t *testing.T) {
	if got := failureOf(&badError{}, "").GetMessage(); !strings.Contains(got, "*dlq.badError") {
		t.Errorf("got %q", got)
	}
}

func TestCutKeepsWholeRunes(t *testing.T) {
	long := cut(strings.Repeat("ä", 10_000), maxMessageBytes)
	if len(long) <= maxMessageBytes || len(long) > maxMessageBytes+4 || strings.ContainsRune(long, '\uFFFD') {
		t.Errorf("%d bytes", len(long))
	}
	if got := cut("a\xffb", 10); got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
}

// panickingError has the methods that errors of well-known libraries have. Each one panics.
type panickingError struct{ cause error }

func (*panickingError) Error() string              { return "out of order" }
func (e *panickingError) Unwrap() error            { return e.cause }
func (*panickingError) SQLState() string           { panic("SQLState") }
func (*panickingError) StatusCode() int            { panic("StatusCode") }
func (*panickingError) StackTrace() []uintptr      { panic("StackTrace") }
func (*panickingError) GRPCStatus() *status.Status { panic("GRPCStatus") }

type noStatus struct{}

func (noStatus) Error() string              { return "no status" }
func (noStatus) GRPCStatus() *status.Status { return nil }

func TestPanickingMethodLosesOnlyItsValue(t *testing.T) {
	response := &http.Response{StatusCode: 429, Header: http.Header{}}
	failure := failureOf(&panickingError{responseError{response}}, "main.main(...)\n")
	if failure.GetType() != "*dlq.panickingError" || failure.GetMessage() != "out of order" {
		t.Errorf("got %v", failure)
	}
	for _, want := range []string{"caused by: dlq.responseError", "main.main"} {
		if !strings.Contains(failure.GetStackTrace(), want) {
			t.Errorf("no %q in %s", want, failure.GetStackTrace())
		}
	}
	if failure.GetHttpStatus() != 429 || failure.GrpcCode != nil { //nolint:protogetter // may be absent
		t.Errorf("got %v", failure)
	}
	if got := failureOf(noStatus{}, ""); got.GrpcCode != nil { //nolint:protogetter // may be absent
		t.Errorf("a nil status has code %v", got)
	}
}

func TestRetryMarkersAreFoundInDeepChains(t *testing.T) {
	deep := func(err error) error {
		for range 50 {
			err = fmt.Errorf("layer: %w", err)
		}
		return err
	}
	if got := outcomeFrom(deep(Release(time.Minute))); got.kind != Released {
		t.Errorf("got %v", got)
	}
	if got := outcomeFrom(deep(NonRetryable(RetryAfter(errors.New("no"), time.Minute)))); !got.failed.GetNonRetryable() ||
		got.failed.GetRetryAfter().AsDuration() != time.Minute {
		t.Errorf("got %v", got.failed)
	}
}
