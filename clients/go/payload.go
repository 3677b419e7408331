package dlq

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/dlq-service/dlq/clients/go/dlqv1"
)

const jsonType = "application/json"

// Payload is the content of a message, byte for byte as it was sent.
type Payload struct {
	// ContentType is a media type. It is empty if the sender set none.
	ContentType string
	body        []byte
	isText      bool
}

// Bytes returns the content as bytes, which must not be changed.
func (p Payload) Bytes() []byte { return p.body }

// Text returns the content as text.
func (p Payload) Text() string { return string(p.body) }

// JSON decodes the content into the value that v points to.
func (p Payload) JSON(v any) error { return json.Unmarshal(p.body, v) }

// MarshalJSON returns the content within other JSON: JSON as it is, text as a string, and bytes as base64.
func (p Payload) MarshalJSON() ([]byte, error) {
	switch {
	case p.ContentType == jsonType && json.Valid(p.body):
		return p.body, nil
	case utf8.Valid(p.body):
		return json.Marshal(string(p.body))
	default:
		return json.Marshal(p.body)
	}
}

// payloadOf copies a value: a string as text, bytes as bytes, a delivery or a payload unchanged, and any other
// value as JSON. It returns an error for a value whose content JSON can't hold.
func payloadOf(value any, contentType string) (p Payload, err error) {
	defer func() {
		if cause := recover(); cause != nil { // by a method of the value
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	switch v := value.(type) {
	case Payload:
		p = v
	case Delivery:
		p = v.Payload
	case *Delivery:
		if v == nil {
			return p, errors.New("the delivery is nil")
		}
		p = v.Payload
	case []*Delivery, []Delivery:
		return p, errors.New("it is a list of deliveries; send each of them")
	case string:
		p.body, p.isText = []byte(v), utf8.ValidString(v)
	case []byte:
		p.body = bytes.Clone(v)
	default:
		text, err := encodeJSON(value)
		if err != nil {
			return p, err
		}
		p = Payload{ContentType: jsonType, body: text, isText: utf8.Valid(text)}
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

// comparedPayload is a payload and its canonical JSON: a batch compares it with many others.
type comparedPayload struct {
	Payload
	once      sync.Once
	canonical []byte // nil if it is no JSON
}

// hasBodyOf reports whether other is a copy of the payload, not only an equal one.
func (p *comparedPayload) hasBodyOf(other Payload) bool {
	return len(p.body) > 0 && len(other.body) > 0 && &p.body[0] == &other.body[0]
}

// isSame reports whether sent has the same bytes, or the same JSON if it is JSON: other languages write it with other
// spaces and escapes.
func (p *comparedPayload) isSame(sent *comparedPayload) bool {
	if bytes.Equal(p.body, sent.body) {
		return true
	}
	return sent.ContentType == jsonType && sent.asJSON() != nil && bytes.Equal(p.asJSON(), sent.asJSON())
}

func (p *comparedPayload) asJSON() []byte {
	p.once.Do(func() { p.canonical, _ = canonicalJSON(p.body) })
	return p.canonical
}

// canonicalJSON returns JSON with sorted keys and without spaces. Numbers stay as they were written.
func canonicalJSON(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return json.Marshal(value)
}
