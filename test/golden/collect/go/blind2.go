package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/dlq-service/dlq/test/golden/collect/go/plain"
	"github.com/eapache/go-resiliency/breaker"
	"github.com/eapache/go-resiliency/deadline"
	"github.com/eapache/go-resiliency/semaphore"
	smtp "github.com/emersion/go-smtp"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/goccy/go-yaml"
	"github.com/gorilla/websocket"
	"github.com/jlaffaye/ftp"
	jsoniter "github.com/json-iterator/go"
	"github.com/mitchellh/mapstructure"
	"github.com/pelletier/go-toml/v2"
	"github.com/redis/rueidis"
	openai "github.com/sashabaranov/go-openai"
	"github.com/valyala/fasthttp"
	"github.com/xeipuuv/gojsonschema"
)

// limitOf returns a limit; a server that answers may do so late on a busy machine.
func limitOf(where string) time.Duration {
	if strings.HasSuffix(where, "/hang") {
		return short
	}
	return 5 * time.Second
}

func byFasthttp(url string) act {
	return func(context.Context) error {
		_, _, err := fasthttp.GetTimeout(nil, url, limitOf(url))
		return err
	}
}

func byRueidis(peer, password string) act {
	return func(ctx context.Context) error {
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress: []string{plain.Address(peer)}, Password: password, DisableCache: true,
			DisableRetry: true, ConnWriteTimeout: short,
		})
		if err != nil {
			return err
		}
		return client.Do(ctx, client.B().Set().Key("a").Value("1").Build()).Error()
	}
}

func byOpenai(peer, path string) act {
	return func(ctx context.Context) error {
		config := openai.DefaultConfig("sk")
		config.BaseURL, config.HTTPClient = plain.URL(peer, path), &http.Client{Timeout: limitOf(path)}
		_, err := openai.NewClientWithConfig(config).ListModels(ctx)
		return err
	}
}

func byFTP(peer string) act {
	return func(context.Context) error {
		connection, err := ftp.Dial(plain.Address(peer), ftp.DialWithTimeout(short))
		if err != nil {
			return err
		}
		return connection.Login("app", "x")
	}
}

func bySMTPClient(peer, to string) act {
	return func(context.Context) error {
		return smtp.SendMail(plain.Address(peer), nil, "a@example.com", []string{to}, bytes.NewBufferString("x"))
	}
}

func byGorilla(url string) act {
	return func(ctx context.Context) error {
		_, _, err := (&websocket.Dialer{HandshakeTimeout: limitOf(url)}).DialContext(ctx, "ws"+url[4:], nil)
		return err
	}
}

func byJose(left time.Duration, key string) act {
	return func(context.Context) error {
		secret := []byte("a secret of at least thirty-two bytes")
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, nil)
		if err != nil {
			return err
		}
		claims := jwt.Claims{Expiry: jwt.NewNumericDate(time.Now().Add(left))}
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			return err
		}
		token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
		if err != nil {
			return err
		}
		if err = token.Claims([]byte(key+string(secret)), &claims); err != nil {
			return err
		}
		return claims.Validate(jwt.Expected{Time: time.Now()})
	}
}

type numbered struct{ ID int }

// blind2 is the rest of the blind set; it was the held-out set until a newer one was collected.
var blind2 = joined(
	every("fasthttp", "github.com/valyala/fasthttp",
		func(path string) act { return byFasthttp(plain.URL("http", path)) }, [][2]string{
			{"/hang", "TIMEOUT"}, {"/close", "NETWORK_ERROR"}, {"/cut", "NETWORK_ERROR"},
		}),
	every("go-openai", "github.com/sashabaranov/go-openai",
		func(path string) act { return byOpenai("http", path) }, [][2]string{
			{"/status/401", "AUTHENTICATION_ERROR"}, {"/status/429", "RESOURCE_EXHAUSTED"},
			{"/status/500", "WEBHOOK_FAILED"}, {"/hang", "TIMEOUT"},
		}),
	every("gorilla", "github.com/gorilla/websocket",
		func(path string) act { return byGorilla(plain.URL("http", path)) }, [][2]string{
			{"/hang", "TIMEOUT"}, {"/close", "NETWORK_ERROR"},
		}),
	[]failing{
		{"fasthttp: refused", "github.com/valyala/fasthttp", "NETWORK_ERROR", byFasthttp(plain.URL("closed", "/"))},
		{"fasthttp: connecting too slow", "github.com/valyala/fasthttp", "TIMEOUT", byFasthttp(plain.URL("stalled", "/"))},
		{"go-openai: refused", "github.com/sashabaranov/go-openai", "NETWORK_ERROR", byOpenai("closed", "")},
		{"gorilla: refused", "github.com/gorilla/websocket", "NETWORK_ERROR", byGorilla(plain.URL("closed", ""))},
		{"rueidis: refused", "github.com/redis/rueidis", "NETWORK_ERROR", byRueidis("closed", "")},
		{"rueidis: a wrong password", "github.com/redis/rueidis", "AUTHENTICATION_ERROR", byRueidis("lockedRedis", "x")},
		{"rueidis: full memory", "github.com/redis/rueidis", "RESOURCE_EXHAUSTED", byRueidis("fullRedis", "")},
		{"rueidis: no answer", "github.com/redis/rueidis", "TIMEOUT", byRueidis("silent", "")},
		{"ftp: refused", "github.com/jlaffaye/ftp", "NETWORK_ERROR", byFTP("closed")},
		{"go-smtp: refused", "github.com/emersion/go-smtp", "NETWORK_ERROR", bySMTPClient("closed", "b@example.com")},
		{"go-jose: expired", "github.com/go-jose/go-jose/v4", "AUTHENTICATION_ERROR", byJose(-time.Hour, "")},
		{"go-jose: a wrong signature", "github.com/go-jose/go-jose/v4", "AUTHENTICATION_ERROR", byJose(time.Hour, "x")},
		{"go-jose: not a token", "github.com/go-jose/go-jose/v4", "AUTHENTICATION_ERROR", func(context.Context) error {
			_, err := jwt.ParseSigned("x.y", []jose.SignatureAlgorithm{jose.HS256})
			return err
		}},
		{"go-yaml: a wrong type", "github.com/goccy/go-yaml", "VALIDATION_FAILED", func(context.Context) error {
			return yaml.Unmarshal([]byte("id: x"), &numbered{})
		}},
		{"go-yaml: an open bracket", "github.com/goccy/go-yaml", "VALIDATION_FAILED", func(context.Context) error {
			return yaml.Unmarshal([]byte("id: [1"), &numbered{})
		}},
		{"go-toml: a wrong type", "github.com/pelletier/go-toml/v2", "VALIDATION_FAILED", func(context.Context) error {
			return toml.Unmarshal([]byte("ID = 'x'"), &numbered{})
		}},
		{"jsoniter: a wrong type", "github.com/json-iterator/go", "VALIDATION_FAILED", func(context.Context) error {
			return jsoniter.Unmarshal([]byte(`{"ID": "x"}`), &numbered{})
		}},
		{"jsoniter: cut off", "github.com/json-iterator/go", "VALIDATION_FAILED", func(context.Context) error {
			return jsoniter.Unmarshal([]byte(`{"ID": `), &numbered{})
		}},
		{"mapstructure: a wrong type", "github.com/mitchellh/mapstructure", "VALIDATION_FAILED", func(context.Context) error {
			return mapstructure.Decode(map[string]any{"ID": "x"}, &numbered{})
		}},
		{"gojsonschema: a text that is not JSON", "github.com/xeipuuv/gojsonschema", "VALIDATION_FAILED", func(context.Context) error {
			schema := gojsonschema.NewStringLoader(`{"type":"object"}`)
			_, err := gojsonschema.Validate(schema, gojsonschema.NewStringLoader("<html>"))
			return err
		}},
		{"go-resiliency: too slow", "github.com/eapache/go-resiliency", "TIMEOUT", func(context.Context) error {
			return deadline.New(short).Run(func(<-chan struct{}) error { time.Sleep(time.Second); return nil })
		}},
		{"go-resiliency: full", "github.com/eapache/go-resiliency", "RESOURCE_EXHAUSTED", func(context.Context) error {
			tickets := semaphore.New(1, short)
			_ = tickets.Acquire()
			return tickets.Acquire()
		}},
		{"go-resiliency: open", "github.com/eapache/go-resiliency", "UNKNOWN_ERROR", func(context.Context) error {
			open := breaker.New(1, 1, time.Minute)
			fail := func() error { return http.ErrHandlerTimeout }
			_ = open.Run(fail)
			return open.Run(fail)
		}},
	},
)
