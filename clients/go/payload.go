package dlq

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const jsonType = "application/json"

// Payload is the message of a delivery, byte for byte as it was sent.
type Payload struct {
	// ContentType is a media type; empty if the sender gave none.
	ContentType string
	body        []byte
	isText      bool
}

// Bytes gives it as bytes; they are not to be changed.
func (p Payload) Bytes() []byte { return p.body }

// Text gives it as text.
func (p Payload) Text() string { return string(p.body) }

// JSON parses it into what v points to.
func (p Payload) JSON(v any) error { return json.Unmarshal(p.body, v) }

// payloadOf: a string is text, bytes are bytes, a delivery and its payload stay what they were, and anything
// else is JSON. Nothing of it is the caller's any more.
func payloadOf(value any, contentType string) (p Payload, err error) {
	defer func() {
		if panicked := recover(); panicked != nil { // in a method of the caller's
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	switch v := value.(type) {
	case Payload:
		p = v
	case *Delivery:
		p = v.Payload
	case string:
		p.body, p.isText = []byte(v), utf8.ValidString(v)
	case []byte:
		p.body = bytes.Clone(v)
	default:
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			return p, err
		}
		// The encoder ends it with a newline.
		p = Payload{ContentType: jsonType, body: bytes.TrimSuffix(text.Bytes(), []byte("\n"))}
		p.isText = utf8.Valid(p.body)
	}
	if contentType != "" {
		p.ContentType = contentType
	}
	return p, nil
}

func (p Payload) message() *dlqv1.Payload {
	message := &dlqv1.Payload{ContentType: validText(p.ContentType)}
	if p.isText {
		message.Body = &dlqv1.Payload_Text{Text: string(p.body)}
	} else {
		message.Body = &dlqv1.Payload_Data{Data: p.body}
	}
	return message
}

func payloadFrom(message *dlqv1.Payload) Payload {
	p := Payload{ContentType: message.GetContentType()}
	switch body := message.GetBody().(type) {
	case *dlqv1.Payload_Text:
		p.body, p.isText = []byte(body.Text), true
	case *dlqv1.Payload_Data:
		p.body = body.Data
	}
	return p
}

// samePayload says whether both hold the same bytes; or, where the other one is JSON, the same JSON:
// other languages write it with other spaces and escapes.
func samePayload(one, other Payload) bool {
	if bytes.Equal(one.body, other.body) {
		return true
	}
	if other.ContentType != jsonType {
		return false
	}
	a, aErr := canonicalJSON(one.body)
	b, bErr := canonicalJSON(other.body)
	return aErr == nil && bErr == nil && bytes.Equal(a, b)
}

// canonicalJSON has sorted keys, no spaces, and numbers as they were written.
func canonicalJSON(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value")
	}
	return json.Marshal(value)
}
