package dlqhttp

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// hidden replaces the value of a secret.
const hidden = "[hidden]"

var (
	parameter = regexp.MustCompile(`[^&;]+`)
	// secretName matches plain names of parameters.
	secretName = regexp.MustCompile("token|passw|passphrase|pwd|secret|credential|apikey|accesskey|privatekey|subscriptionkey" +
		"|signature|assertion|authorization|bearer|session|^(?:auth|code|jwt|key|otp|pin|sid|sig|state)$")
	// webToken matches a JSON Web Token.
	webToken  = regexp.MustCompile(`eyJ[^.]*\.[^.]*\.`)
	notInName = regexp.MustCompile(`[^a-z0-9]`)
)

// shownQuery returns a query with the values of secrets hidden, by the rule of all clients. secrets are more names.
func shownQuery(query string, secrets []string) string {
	return parameter.ReplaceAllStringFunc(query, func(one string) string {
		name, value, hasValue := strings.Cut(one, "=")
		if hasValue && (isSecretName(name, secrets) || webToken.MatchString(value)) {
			return name + "=" + hidden
		}
		return one
	})
}

func isSecretName(encoded string, secrets []string) bool {
	name := encoded
	if decoded, err := url.QueryUnescape(encoded); err == nil {
		name = decoded
	}
	plain := plainName(name)
	isNamed := func(secret string) bool { return plainName(secret) == plain }
	return secretName.MatchString(plain) || slices.ContainsFunc(secrets, isNamed)
}

// plainName returns the ASCII letters and digits of a name in lower case.
func plainName(name string) string { return notInName.ReplaceAllString(strings.ToLower(name), "") }
