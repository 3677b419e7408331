package dlq

import (
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"
)

func TestTargetIsHostAndPortOrURL(t *testing.T) {
	for text, want := range map[string]target{
		"dlq.internal:50051":         {dial: "dlq.internal:50051"},
		"http://dlq.internal:50051/": {dial: "dlq.internal:50051", scheme: "http"},
		"https://dlq.internal":       {dial: "dlq.internal:443", scheme: "https"},
		"localhost:50051":            {dial: "localhost:50051", isLocal: true},
		"http://localhost":           {dial: "localhost:80", scheme: "http", isLocal: true},
		"http://[::1]:50051":         {dial: "[::1]:50051", scheme: "http", isLocal: true},
		"[::1]:50051":                {dial: "[::1]:50051", isLocal: true},
		"dns:///dlq.internal:50051":  {dial: "dns:///dlq.internal:50051", spool: "dlq.internal:50051"},
		"dns:///localhost":           {dial: "dns:///localhost", spool: "localhost:443", isLocal: true},
		"unix:///run/eu/dlq.sock":    {dial: "unix:///run/eu/dlq.sock", isLocal: true},
		"unix:///run/us/dlq.sock":    {dial: "unix:///run/us/dlq.sock", isLocal: true},
	} {
		if want.spool == "" {
			want.spool = want.dial
		}
		if got, err := parseTarget(text, false); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "dlq.internal", "::1", ":50051", "http://", "https://:443", "ftp://a:1", "http://a:1/dlq", "a:1/dlq", "a:b",
		"a:99999", "http://a:99999", "http://me@a:1", "http://me:secret@a:1", "http://a:1?b", "http://a:1#b", "http://a:1/?",
	} {
		_, err := parseTarget(text, false)
		if err == nil || !strings.Contains(err.Error(), "; give one such as localhost:50051") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestTLSOptionsOfPlaintextURLAreRefused(t *testing.T) {
	if _, err := New("http://dlq.internal:50051", WithTLS(nil)); err == nil {
		t.Error("no error")
	}
}

func TestTokenInPlaintextIsWarnedOfOnce(t *testing.T) {
	var log strings.Builder
	open := func(target string, opts ...Option) {
		t.Helper()
		opts = append(opts, WithoutSpool(), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		client, err := New(target, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	token := WithToken("secret-of-18-chars")
	for _, local := range []string{"localhost:1", "127.0.0.2:1", "http://[::1]:1", "unix:///run/dlq.sock"} {
		open(local, token)
	}
	open("https://a:1", token)
	open("a:1", token, WithTLS(&tls.Config{}))
	open("a:1")
	if log.Len() > 0 {
		t.Errorf("logged %s", log.String())
	}
	open("a:1", token)
	const want = `level=WARN msg="dlq: the token goes to a:1 in plaintext; use https://a:1 and a server with TLS"`
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), want) {
		t.Errorf("logged %s", log.String())
	}
}
