package plain

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

func talk(peer string) (err error) {
	conn, err := net.Dial("tcp", Address(peer))
	if err != nil {
		return err
	}
	defer conn.Close()
	for range 100 {
		if _, err = conn.Write([]byte("hello")); err != nil {
			return err
		}
		if _, err = conn.Read(make([]byte, 1)); err != nil && err != io.EOF {
			return err
		}
	}
	return err
}

func handshake(peer string) error {
	conn, err := tls.Dial("tcp", Address(peer), &tls.Config{ServerName: "shop.example"})
	if err == nil {
		conn.Close()
	}
	return err
}

func readFull(text string) func(context.Context) error {
	return func(context.Context) error {
		_, err := io.ReadFull(strings.NewReader(text), make([]byte, 10))
		return err
	}
}

func crash[T any](value T, act func(T)) func(context.Context) error {
	return func(context.Context) error {
		act(value)
		return nil
	}
}

var language = []Failing{
	{"net: refused", "go", "NETWORK_ERROR", func(context.Context) error { return talk("closed") }},
	{"net: reset", "go", "NETWORK_ERROR", func(context.Context) error { return talk("resets") }},
	{"net: broken pipe", "go", "NETWORK_ERROR", func(context.Context) error { return talk("hangsUp") }},
	{"net: connecting too slow", "go", "TIMEOUT", func(context.Context) error {
		_, err := net.DialTimeout("tcp", Address("stalled"), 100*time.Millisecond)
		return err
	}},
	{"net: reading too slow", "go", "TIMEOUT", func(context.Context) error {
		conn, err := net.Dial("tcp", Address("silent"))
		if err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err = conn.Read(make([]byte, 1))
		return err
	}},
	{"net: a closed connection", "go", "NETWORK_ERROR", func(context.Context) error {
		conn, err := net.Dial("tcp", Address("silent"))
		if err != nil {
			return err
		}
		conn.Close()
		_, err = conn.Read(make([]byte, 1))
		return err
	}},
	{"net: no such name", "go", "NETWORK_ERROR", func(context.Context) error {
		_, err := net.LookupHost("shop.invalid")
		return err
	}},
	{"net: an address without a port", "go", "VALIDATION_FAILED", func(context.Context) error {
		_, err := net.Dial("tcp", "127.0.0.1")
		return err
	}},
	{"tls: self-signed", "go", "NETWORK_ERROR", func(context.Context) error { return handshake("https") }},
	{"tls: the peer speaks no TLS", "go", "NETWORK_ERROR", func(context.Context) error { return handshake("foreign") }},
	{"tls: hung up during the handshake", "go", "NETWORK_ERROR", func(context.Context) error { return handshake("hangsUp") }},
	{"context: too slow", "go", "TIMEOUT", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return fmt.Errorf("load order 17: %w", ctx.Err())
	}},
	{"context: cancelled", "go", "UNKNOWN_ERROR", func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return fmt.Errorf("load order 17: %w", ctx.Err())
	}},
	{"io: end of file", "go", "UNKNOWN_ERROR", readFull("")},
	{"io: half a read", "go", "NETWORK_ERROR", readFull("abc")},
	{"os: a missing file", "go", "EXECUTION_FAILED", func(context.Context) error {
		_, err := os.Open("/app/missing.json")
		return err
	}},
	{"os: a full disk", "go", "RESOURCE_EXHAUSTED", func(context.Context) error {
		return os.WriteFile("/dev/full", []byte("x"), 0)
	}},
	{"exec: exit code 3", "go", "EXECUTION_FAILED", func(context.Context) error {
		return exec.Command("sh", "-c", "exit 3").Run()
	}},
	{"exec: no such program", "go", "EXECUTION_FAILED", func(context.Context) error {
		return exec.Command("no-such-program").Run()
	}},
	{"exec: killed", "go", "UNKNOWN_ERROR", func(context.Context) error {
		return exec.Command("sh", "-c", "kill -9 $$").Run()
	}},
	{"panic: an index", "go", "EXECUTION_FAILED", crash([]int{1}, func(v []int) { _ = v[len(v)+2] })},
	{"panic: nil", "go", "EXECUTION_FAILED", crash((*Failing)(nil), func(v *Failing) { _ = v.Name })},
	{"panic: a nil map", "go", "EXECUTION_FAILED", crash(map[int]int(nil), func(v map[int]int) { v[1] = 1 })},
	{"panic: by zero", "go", "EXECUTION_FAILED", crash(0, func(v int) { _ = 1 / v })},
	{"panic: another type", "go", "EXECUTION_FAILED", crash(any(5), func(v any) { _ = v.(string) })},
	{"panic: a closed channel", "go", "EXECUTION_FAILED", crash(make(chan int), func(v chan int) { close(v); close(v) })},
	{"an error of its own", "go", "UNKNOWN_ERROR", func(context.Context) error {
		return errors.New("order 17 could not be processed")
	}},
}
