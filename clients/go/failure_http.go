package dlq

import (
	"net/http"
	"net/textproto"
	"reflect"
	"strings"
)

// httpResponse is what an error says about an HTTP response.
type httpResponse struct {
	status     int
	retryAfter string
}

// httpResponseOf reads the response of an HTTP client's error from a method, a field, or a whole response. It
// returns a zero value for other errors.
func httpResponseOf(err error) httpResponse {
	if hasOtherCodes(err) {
		return httpResponse{}
	}
	found := httpResponse{}
	switch e := err.(type) {
	case interface{ HTTPStatusCode() int }: // AWS
		found.status = safeRead(e.HTTPStatusCode, 0)
	case interface{ StatusCode() int }:
		found.status = safeRead(e.StatusCode, 0)
	}
	value := reflect.ValueOf(err)
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Kind() == reflect.Struct {
		found.readFields(value)
	}
	if found.status < 100 || found.status > 599 {
		return httpResponse{}
	}
	return found
}

// hasOtherCodes reports an error of net/smtp, or one whose type has SMTP or AMQP in its name, such as go-smtp's.
// Their codes are not those of HTTP: 550 is an unknown mailbox, 320 a broker that stops.
func hasOtherCodes(err error) bool {
	if _, ok := err.(*textproto.Error); ok {
		return true
	}
	name := strings.ToLower(reflect.TypeOf(err).String())
	return strings.Contains(name, "smtp") || strings.Contains(name, "amqp")
}

func (r *httpResponse) readFields(value reflect.Value) {
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		switch v := value.Field(i).Interface().(type) {
		case int:
			isStatus := field.Name == "StatusCode" || field.Name == "HTTPStatusCode" || field.Name == "Code"
			if isStatus && r.status == 0 && v >= 300 {
				r.status = v
			}
		case *http.Response:
			if v != nil {
				r.status, r.retryAfter = v.StatusCode, v.Header.Get("Retry-After")
			}
		case http.Header:
			r.retryAfter = v.Get("Retry-After")
		}
	}
}
