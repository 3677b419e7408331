package dlq

import (
	"net/http"
	"net/textproto"
	"reflect"
	"strings"
)

// answer is what an error says of the HTTP response that it was made of.
type answer struct {
	status     int
	retryAfter string
}

// answerOf looks where clients keep it: in a method, a field, or the whole response.
func answerOf(err error) answer {
	if isOfMail(err) {
		return answer{} // its codes are those of SMTP, in which 550 is for good
	}
	found := answer{}
	switch e := err.(type) {
	case interface{ HTTPStatusCode() int }: // AWS
		found.status = saidBy(e.HTTPStatusCode, 0)
	case interface{ StatusCode() int }:
		found.status = saidBy(e.StatusCode, 0)
	}
	value := reflect.ValueOf(err)
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Kind() == reflect.Struct {
		found.readFields(value)
	}
	if found.status < 100 || found.status > 599 {
		return answer{}
	}
	return found
}

// isOfMail: of net/smtp, or of a library whose error says so by its name, as smtp.SMTPError of go-smtp does.
func isOfMail(err error) bool {
	if _, isIt := err.(*textproto.Error); isIt {
		return true
	}
	return strings.Contains(strings.ToLower(reflect.TypeOf(err).String()), "smtp")
}

func (a *answer) readFields(value reflect.Value) {
	for at := range value.NumField() {
		field := value.Type().Field(at)
		if !field.IsExported() {
			continue
		}
		switch held := value.Field(at).Interface().(type) {
		case int:
			isStatus := field.Name == "StatusCode" || field.Name == "HTTPStatusCode" || field.Name == "Code"
			if isStatus && a.status == 0 && held >= 300 {
				a.status = held
			}
		case *http.Response:
			if held != nil {
				a.status, a.retryAfter = held.StatusCode, held.Header.Get("Retry-After")
			}
		case http.Header:
			a.retryAfter = held.Get("Retry-After")
		}
	}
}
