package dlq

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestWorkerThatGetsNothingIsLoggedOnceAMinuteWithQueues(t *testing.T) {
	var log strings.Builder
	client := &Client{options: options{logger: slog.New(slog.NewTextHandler(&log, nil))}}
	refused := newError(ErrUnauthenticated, "no valid credentials; do this", nil)
	broken := newError(ErrConnection, "connection refused", nil)
	logged := func(call func()) string {
		log.Reset()
		call()
		return log.String()
	}
	w := client.Worker([]string{"orders"})
	want := `the worker of queue \"orders\" is refused: no valid credentials; do this; retrying`
	if line := logged(func() { w.report(refused, nil) }); !strings.Contains(line, want) {
		t.Errorf("logged %q", line)
	}
	for _, err := range []*Error{refused, broken} {
		if line := logged(func() { w.report(err, nil) }); line != "" {
			t.Errorf("logged %q", line)
		}
	}
	works := `level=INFO msg="dlq: the worker of queue \"orders\" works again"`
	for _, isLogged := range []bool{true, false} {
		if line := logged(func() { w.opened(time.Minute) }); strings.Contains(line, works) != isLogged {
			t.Errorf("logged %q", line)
		}
	}
	w.warning.due.loggedAt = time.Now().Add(-warningInterval)
	if line := logged(func() { w.report(broken, nil) }); !strings.Contains(line, "gets no messages: connection refused; retrying") {
		t.Errorf("logged %q", line)
	}
	many := client.Worker([]string{"a", "b", "c", "d"})
	if line := logged(func() { many.report(refused, nil) }); !strings.Contains(line, `the worker of queues \"a\", \"b\", \"c\", … is refused`) {
		t.Errorf("logged %q", line)
	}
}

func TestMessageOfTransportIsOneLineWithAdvice(t *testing.T) {
	for text, want := range map[string]string{
		`connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`: "dial tcp 127.0.0.1:1: connect: connection refused",
		`connection error: desc = "transport: authentication handshake failed: tls: first record does not look like a TLS handshake"`: "authentication handshake failed: tls: first record does not look like a TLS handshake; " +
			"if the server has no TLS, use a target with http://",
		"name resolver error: produced zero addresses":                                          "name resolver error: produced zero addresses; the host name of the target is unknown",
		`connection error: desc = "error reading server preface: EOF"`:                          "error reading server preface: EOF; if the server has TLS, use a target with https://",
		"unexpected HTTP status code received from server: 502 (Bad Gateway)\ndata: \"<html>\"": `unexpected HTTP status code received from server: 502 (Bad Gateway) data: "<html>"`,
		"connection error: desc = \"transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority\"": "authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority; " +
			"give the server's authority by WithTLS",
	} {
		if got := messageOf(status.Error(codes.Unavailable, text)); got != want {
			t.Errorf("got %s", got)
		}
	}
}

func TestFailedHandlerIsLoggedWithStackAndCausesOnly(t *testing.T) {
	var log strings.Builder
	w := &Worker{client: &Client{options: options{logger: slog.New(slog.NewTextHandler(&log, nil))}}}
	cause := &loginError{password: "hunter2", cause: catchPanic(func() error { panic("socket closed") })}
	w.reportFailedHandler([]*Delivery{{ID: "id-1", Queue: "orders", Attempt: 2}}, cause)
	for _, want := range []string{
		"level=WARN", `the handler failed: message id-1 of queue \"orders\", attempt 2"`, "*dlq.loginError: no login",
		"caused by: *dlq.PanicError: panic: socket closed", "TestFailedHandlerIsLogged",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is missing in %s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("logged %s", log.String())
	}
}

type loginError struct {
	password string
	cause    error
}

func (*loginError) Error() string   { return "no login" }
func (e *loginError) Unwrap() error { return e.cause }

func TestCancelledHandlersAreLoggedWithTheirTime(t *testing.T) {
	var log strings.Builder
	w := &Worker{client: &Client{options: options{logger: slog.New(slog.NewTextHandler(&log, nil))}}}
	var running []*handling
	for _, id := range []string{"lost", "id-1", "id-2", "id-3", "id-4"} {
		message := &dlqv1.Message{Id: id, Queue: "orders"}
		h := newHeld(&dlqv1.Delivery{Message: message, Attempt: 2}, w.client)
		running = append(running, &handling{batch: []*held{h}, began: time.Now().Add(-72 * time.Second)})
	}
	running[0].batch[0].lose()
	w.logCancelled(running[:1])
	if log.Len() > 0 {
		t.Errorf("logged %s", log.String())
	}
	w.logCancelled(running)
	one := func(id string) string {
		return `message ` + id + ` of queue \\"orders\\", attempt 2, for 7[0-9]\.[0-9] s; `
	}
	want := regexp.MustCompile(`level=WARN msg="dlq: the worker stops and cancels handlers that still run: ` +
		one("id-1") + one("id-2") + one("id-3") + `1 more; their messages are released; ` +
		`raise WithDrainTimeout if handlers need longer" queue=orders id=id-1`)
	if !want.MatchString(log.String()) {
		t.Errorf("logged %s", log.String())
	}
}
