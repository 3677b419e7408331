package dlq

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestRefusedTokenIsLoggedOnceAMinuteWithQueues(t *testing.T) {
	var log strings.Builder
	client := &Client{options: options{logger: slog.New(slog.NewTextHandler(&log, nil))}}
	refused := newError(ErrUnauthenticated, "no valid credentials; do this", nil)
	report := func(w *Worker, err *Error) string {
		log.Reset()
		w.report(err, nil)
		return log.String()
	}
	want := `the worker of queue \"orders\" is refused: no valid credentials; do this; retrying`
	w := &Worker{client: client, queues: []string{"orders"}}
	for _, isLogged := range []bool{true, false} {
		if line := report(w, refused); strings.Contains(line, want) != isLogged {
			t.Errorf("logged %q", line)
		}
	}
	for _, text := range []string{"one", "two"} {
		if line := report(w, newError(ErrConnection, text, nil)); !strings.Contains(line, text) {
			t.Errorf("logged %q", line)
		}
	}
	w.refusals.loggedAt = time.Now().Add(-warningInterval)
	if line := report(w, refused); !strings.Contains(line, want) {
		t.Errorf("logged %q", line)
	}
	many := &Worker{client: client, queues: []string{"a", "b", "c", "d"}}
	if line := report(many, refused); !strings.Contains(line, `the worker of queues \"a\", \"b\", \"c\", … is refused`) {
		t.Errorf("logged %q", line)
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
