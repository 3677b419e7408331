package dlqhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// maxPayload is the service's largest possible payload_max. Its default is 1 MiB.
const maxPayload = 3 << 20

// bufferedBody is the body of a request, which its handler can read too.
type bufferedBody struct {
	data []byte
	// err is the error that ended the body too early, such as io.ErrUnexpectedEOF of a cut upload.
	err error
	// length is that of the header, or -1.
	length int64
}

// isWhole returns false also if an outer handler has read a part of the body.
func (b bufferedBody) isWhole() bool {
	return b.err == nil && len(b.data) <= maxPayload && int64(len(b.data)) >= b.length
}

// bufferBody reads the body. The handler reads the same: also the error, and the rest of a body that is too long.
func bufferBody(r *http.Request) (b bufferedBody) {
	if r.Body == nil {
		return b
	}
	b.length = r.ContentLength
	b.data, b.err = io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	rest := io.Reader(r.Body)
	if b.err != nil {
		rest = failingReader{b.err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b.data), rest), r.Body}
	return b
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// asBadRequest returns err with the status 400 if the body is its cause: it was cut, or its JSON has a wrong syntax.
func (b bufferedBody) asBadRequest(err error) error {
	var found interface{ StatusCode() int }
	var tooLarge *http.MaxBytesError
	if errors.As(err, &found) || errors.As(err, &tooLarge) {
		return err
	}
	if b.err != nil && errors.Is(err, b.err) || b.hasSyntaxError(err) {
		return Status(http.StatusBadRequest, err)
	}
	return err
}

// hasSyntaxError reports whether the body has the syntax error err, which may also be of JSON from elsewhere.
func (b bufferedBody) hasSyntaxError(err error) bool {
	var own, found *json.SyntaxError
	var value json.RawMessage
	isMarkup := bytes.HasPrefix(bytes.TrimSpace(b.data), []byte("<"))
	if isMarkup || !b.isWhole() || !errors.As(json.Unmarshal(b.data, &value), &own) {
		return false
	}
	if errors.As(err, &found) {
		return found.Error() == own.Error()
	}
	// What a Decoder returns for JSON that ends too early.
	return errors.Is(err, io.ErrUnexpectedEOF) && own.Error() == "unexpected end of JSON input"
}
