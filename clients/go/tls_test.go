package dlq_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

// authority is a certificate authority.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.key, a.cert = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "shop authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

func (a *authority) sign(template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, cert
}

func (a *authority) certificate(name string, usage x509.ExtKeyUsage) tls.Certificate {
	a.t.Helper()
	key, cert := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// startTLSProxy starts a TLS proxy before a service. It requires client certificates.
func startTLSProxy(t *testing.T, a *authority, target string) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{a.certificate("dlq.example", x509.ExtKeyUsageServerAuth)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.pool(), NextProtos: []string{"h2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", target)
			if err != nil {
				_ = front.Close()
				continue
			}
			pipe := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				_, _ = to.Close(), from.Close()
			}
			go pipe(front, back)
			go pipe(back, front)
		}
	}()
	return listener.Addr().String()
}

func TestTLSVerifiesServerAndClientCertificates(t *testing.T) {
	fake := dlqtest.NewFake(t)
	a := newAuthority(t)
	proxy := startTLSProxy(t, a, fake.Target())
	own := a.certificate("shop", x509.ExtKeyUsageClientAuth)
	for name, c := range map[string]struct {
		config *tls.Config
		text   string // of the error
	}{
		"all":                {&tls.Config{RootCAs: a.pool(), Certificates: []tls.Certificate{own}, ServerName: "dlq.example"}, ""},
		"no authority":       {&tls.Config{Certificates: []tls.Certificate{own}, ServerName: "dlq.example"}, "certificate"},
		"another name":       {&tls.Config{RootCAs: a.pool(), Certificates: []tls.Certificate{own}, ServerName: "shop.example"}, "certificate"},
		"no own certificate": {&tls.Config{RootCAs: a.pool(), ServerName: "dlq.example"}, ""},
		"nothing":            {nil, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the refused ones take their whole timeout
			timeout := 1500 * time.Millisecond
			if name == "all" {
				timeout = 10 * time.Second
			}
			client, err := dlq.New(proxy, dlq.WithTLS(c.config), dlq.WithoutSpool(),
				dlq.WithSendTimeout(timeout), dlq.WithOnDropped(func(*dlq.Error, string) {}))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close(context.Background()) }()
			result, err := client.Send(t.Context(), "orders", "a", nil)
			// On a busy machine the handshake may take longer than a send.
			for start := time.Now(); name != "all" && err != nil && !strings.Contains(err.Error(), c.text) &&
				time.Since(start) < time.Minute; {
				result, err = client.Send(t.Context(), "orders", "a", nil)
			}
			if name == "all" {
				if err != nil || result.Status != dlq.StatusSent {
					t.Errorf("got %+v, %v", result, err)
				}
				return
			}
			if !errors.Is(err, dlq.ErrDeadline) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
	t.Cleanup(func() { // after all parallel tests
		if got := len(fake.Messages("orders")); got != 1 {
			t.Errorf("%d messages", got)
		}
	})
}

func TestSendWithoutTLSHandshakeIsSpooledAtOnce(t *testing.T) {
	a := newAuthority(t)
	own := a.certificate("shop", x509.ExtKeyUsageClientAuth)
	secure := startTLSProxy(t, a, dlqtest.NewFake(t).Target())
	for name, c := range map[string]struct {
		target string
		config *tls.Config
	}{
		"a port in plaintext":        {dlqtest.NewFake(t).Target(), nil},
		"a port that closes":         {startAccepting(t, func(conn net.Conn) { _ = conn.Close() }), nil},
		"an unknown authority":       {secure, &tls.Config{Certificates: []tls.Certificate{own}, ServerName: "dlq.example"}},
		"another name":               {secure, &tls.Config{RootCAs: a.pool(), Certificates: []tls.Certificate{own}, ServerName: "shop.example"}},
		"no certificate of a client": {secure, &tls.Config{RootCAs: a.pool(), ServerName: "dlq.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			spooled(t, spoolingClient(t, c.target, dlq.WithTLS(c.config), dlq.WithSendTimeout(9*time.Minute), dlq.WithLogger(noLog())), "a")
		})
	}
}
