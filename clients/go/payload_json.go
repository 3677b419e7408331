package dlq

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// encodeJSON returns an error for a value of which JSON has nothing, such as a reader.
func encodeJSON(value any) ([]byte, error) {
	if message, ok := value.(proto.Message); ok && message.ProtoReflect().IsValid() {
		text, err := protojson.Marshal(message)
		if err != nil {
			return nil, err
		}
		value = json.RawMessage(text) // the encoder removes the spaces, which differ between programs
	}
	if _, ok := value.(io.Reader); ok && !hasEncoder(reflect.TypeOf(value)) {
		return nil, fmt.Errorf("%T is a reader; read it first, such as by io.ReadAll", value)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	encoded := bytes.TrimSuffix(text.Bytes(), []byte("\n")) // which the encoder appends
	if bytes.Contains(encoded, []byte("{}")) && !hasContent(reflect.ValueOf(value)) {
		return nil, fmt.Errorf("the JSON of %T is %.40s, because it has no exported fields", value, encoded)
	}
	return encoded, nil
}

// hasContent returns false for a struct without fields in JSON, and for pointers, lists and maps with such structs only.
func hasContent(v reflect.Value) bool {
	if !v.IsValid() || hasEncoder(v.Type()) || v.CanAddr() && hasEncoder(reflect.PointerTo(v.Type())) {
		return true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || hasContent(v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if hasContent(v.Index(i)) {
				return true
			}
		}
		return v.Len() == 0
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if hasContent(entries.Value()) {
				return true
			}
		}
		return v.Len() == 0
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(v.Type()) {
			if field.IsExported() && field.Tag.Get("json") != "-" {
				return true
			}
		}
		return v.NumField() == 0
	default:
		return true
	}
}

// hasEncoder reports whether a type encodes itself.
func hasEncoder(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
