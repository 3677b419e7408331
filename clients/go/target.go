package dlq

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc/resolver"
)

// target is the address of the server.
type target struct {
	dial string // for gRPC
	// spool is host:port, as spool files have it, or a target of gRPC that has none.
	spool   string
	scheme  string // http, https, or empty
	isLocal bool   // on this machine
}

var hostAndPort = regexp.MustCompile(`^[^/?#@]+:[0-9]+$`)

// parseTarget accepts host:port, a URL of http or https without a path, and targets of gRPC with a scheme. The scheme
// must be registered, unless the options of gRPC may have a resolver for it.
func parseTarget(text string, mayHaveResolver bool) (target, error) {
	address, scheme := text, ""
	if !hostAndPort.MatchString(text) || !isAddress(text) {
		parsed, err := url.Parse(text)
		switch {
		case err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https"):
			address, scheme = addressOf(parsed), parsed.Scheme
		case err == nil && parsed.Scheme != "" && (mayHaveResolver || resolver.Get(parsed.Scheme) != nil):
			t := target{dial: text, spool: spoolTarget(text)}
			t.isLocal = strings.HasPrefix(parsed.Scheme, "unix") || isLoopback(t.spool)
			return t, nil
		default:
			address = ""
		}
	}
	if !isAddress(address) {
		return target{}, fmt.Errorf(
			"dlq: the target is %q; give one such as localhost:50051, http://localhost:50051 or https://dlq.example:443", text)
	}
	return target{dial: address, spool: address, scheme: scheme, isLocal: isLoopback(address)}, nil
}

// addressOf returns the host and port of a URL, or an empty text if it has other parts.
func addressOf(u *url.URL) string {
	if host := (&url.URL{Scheme: u.Scheme, Host: u.Host}).String(); strings.TrimSuffix(u.String(), "/") != host {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	number, portErr := strconv.ParseUint(port, 10, 16)
	return err == nil && portErr == nil && host != "" && number > 0
}

func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// spoolTarget returns a target of gRPC as spool files have it: host and port without the scheme. A Unix socket
// keeps its whole path, because sockets in other folders may have the same name.
func spoolTarget(target string) string {
	if strings.HasPrefix(target, "unix:") || strings.HasPrefix(target, "unix-abstract:") {
		return target
	}
	if i := strings.LastIndex(target, "/"); i >= 0 && strings.Contains(target, ":///") {
		target = target[i+1:]
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		target = net.JoinHostPort(strings.Trim(target, "[]"), "443") // gRPC's default
	}
	return target
}
