package dlqhttp

import (
	"bufio"
	"net"
	"net/http"
)

// answerWriter records whether the handler has begun its answer.
type answerWriter struct {
	http.ResponseWriter
	status int // 0 before the answer has begun
}

// isSuccess reports whether an answer of 2xx or 3xx has begun.
func (w *answerWriter) isSuccess() bool {
	return w.status >= http.StatusOK && w.status < http.StatusBadRequest
}

func (w *answerWriter) begin(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *answerWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols { // other 1xx are informational
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(data []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriter.Write(data)
}

// Flush implements [http.Flusher].
func (w *answerWriter) Flush() { _ = w.FlushError() }

// FlushError is used by [http.ResponseController].
func (w *answerWriter) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack implements [http.Hijacker].
func (w *answerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.begin(http.StatusSwitchingProtocols)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is used by [http.ResponseController].
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
