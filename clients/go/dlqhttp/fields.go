package dlqhttp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dlq-service/dlq/clients/go"
)

// The service's limits for a source id or a content type, and for an attribute. A longer header of the caller is
// ignored, so that the message is not refused.
const (
	maxHeader    = 256
	maxAttribute = 4 << 10
)

// secretHeaders are not stored.
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key"}

func isAmong(names []string, name string) bool {
	return slices.ContainsFunc(names, func(one string) bool { return strings.EqualFold(one, name) })
}

// attributesOf returns the attributes that describe a request.
func (o *options) attributesOf(r *http.Request) map[string]string {
	attributes := map[string]string{"http.method": r.Method, "http.path": cut(r.URL.Path, maxAttribute)}
	if query := shownQuery(r.URL.RawQuery, o.secrets); query != "" {
		attributes["http.query"] = cut(query, maxAttribute)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" {
		attributes["http.content_encoding"] = cut(encoding, maxAttribute)
	}
	return attributes
}

// storedURL returns a URL without its user, password and the configured parameters. The others are needed to make the
// request again.
func (o *options) storedURL(u *url.URL) string {
	stored := *u
	stored.User = nil // some services take a key as the user
	stored.RawQuery = withoutParameters(u.RawQuery, o.secrets)
	return stored.String()
}

// storedHeaders returns the headers that carry no secrets, with names in lower case.
func (o *options) storedHeaders(header http.Header) map[string]string {
	stored := map[string]string{}
	for name, values := range header {
		if !isAmong(secretHeaders, name) && !isAmong(o.secrets, name) {
			stored[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	return stored
}

// withoutParameters leaves the other parameters of a query as they are.
func withoutParameters(query string, names []string) string {
	parameters := slices.DeleteFunc(strings.Split(query, "&"), func(parameter string) bool {
		name, _, _ := strings.Cut(parameter, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		return isAmong(names, name)
	})
	return strings.Join(parameters, "&")
}

// headerOptions returns the options of standard headers.
func headerOptions(header http.Header) []dlq.SendOption {
	var options []dlq.SendOption
	if id := header.Get("Idempotency-Key"); isWithinLimit(id) {
		options = append(options, dlq.WithSourceID(id))
	}
	if parent := header.Get("Traceparent"); parent != "" {
		trace := dlq.TraceContext{Traceparent: parent, Tracestate: header.Get("Tracestate")}
		options = append(options, dlq.WithTraceContext(trace))
	}
	return options
}

// isWithinLimit reports whether a header is set and not too long.
func isWithinLimit(text string) bool {
	return text != "" && len(strings.ToValidUTF8(text, "\uFFFD")) <= maxHeader
}

// cut returns valid UTF-8 of at most limit bytes.
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
