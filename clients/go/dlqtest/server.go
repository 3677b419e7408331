package dlqtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 30 * time.Second
	mostOutput   = 4_000
)

// Server is the real service on free ports of this machine, with data of its own.
type Server struct {
	tb      testing.TB
	command []string
	env     []string
	dataDir string

	mu         sync.Mutex
	grpc, http string
	child      *exec.Cmd
	ended      chan struct{}
}

// ServerOption is an option of [StartServer].
type ServerOption func(*Server)

// WithCommand says how the server's command line is called. Default: the words of DLQ_SERVER_COMMAND, such as
// `node path/to/dlq-service/src/main.ts`; else dlq on the PATH.
func WithCommand(words ...string) ServerOption { return func(s *Server) { s.command = words } }

// WithEnv adds settings of the server, as DLQ_…=value.
func WithEnv(settings ...string) ServerOption {
	return func(s *Server) { s.env = append(s.env, settings...) }
}

// StartServer starts the server, and ends it with the test. The test fails if it can't be started.
func StartServer(tb testing.TB, opts ...ServerOption) *Server {
	tb.Helper()
	s := &Server{tb: tb, grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
	if s.command = strings.Fields(os.Getenv("DLQ_SERVER_COMMAND")); len(s.command) == 0 {
		s.command = []string{"dlq"}
	}
	for _, option := range opts {
		option(s)
	}
	// Below /tmp itself: the path of a unix socket in there must be short.
	root := "/tmp"
	if _, err := os.Stat(root); err != nil {
		root = os.TempDir()
	}
	var err error
	if s.dataDir, err = os.MkdirTemp(root, "dlq-"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Stop)
	if err := s.launch(); err != nil {
		tb.Fatal(err)
	}
	return s
}

// Target is the gRPC address, for dlq.New. It stays the same after a restart.
func (s *Server) Target() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grpc
}

// HTTPAddress is for browsers and curl.
func (s *Server) HTTPAddress() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.http
}

// Stop ends it and removes its data.
func (s *Server) Stop() {
	s.end(syscall.SIGTERM)
	s.endStores()
	for range 5 { // a store that still runs may hold a file for a moment
		if os.RemoveAll(s.dataDir) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Kill ends it as in a power cut; the data stay.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Restart ends it, if it runs, and starts it again on its data and addresses.
func (s *Server) Restart() {
	s.tb.Helper()
	s.end(syscall.SIGTERM)
	if err := s.launch(); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *Server) launch() error {
	child := exec.Command(s.command[0], append(s.command[1:len(s.command):len(s.command)], "serve")...) //nolint:gosec // the caller's
	child.Env = append(environment(),
		"DLQ_LISTEN_GRPC="+s.Target(), "DLQ_LISTEN_HTTP="+s.HTTPAddress(), "DLQ_DATA_DIR="+s.dataDir,
		"DLQ_LOG_FORMAT=json",
		"DLQ_DRAIN_GRACE=200ms", // a test that has stopped has nobody left to report outcomes
	)
	child.Env = append(child.Env, s.env...)
	reader, writer := io.Pipe()
	child.Stdout, child.Stderr = writer, writer
	if err := child.Start(); err != nil {
		return fmt.Errorf("dlqtest: the server can't be run; is DLQ_SERVER_COMMAND right? %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = child.Wait()
		_ = writer.Close()
		close(ended)
	}()
	s.mu.Lock()
	s.child, s.ended = child, ended
	s.mu.Unlock()
	ready := make(chan error, 1)
	go s.read(reader, ready)
	select {
	case err := <-ready:
		return err
	case <-time.After(startTimeout):
		return fmt.Errorf("dlqtest: the server did not start within %v", startTimeout)
	}
}

// read tells once when the server takes calls and has its store, or that it ended before.
func (s *Server) read(output io.Reader, ready chan<- error) {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	var said strings.Builder
	var hasAddress, hasStore, isTold bool
	for lines.Scan() {
		if isTold {
			continue
		}
		if said.Len() < mostOutput {
			said.Write(append(lines.Bytes(), '\n'))
		}
		var entry struct{ Msg, Grpc, HTTP string }
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			continue // not every line is one of its log
		}
		switch entry.Msg {
		case "listening":
			s.mu.Lock()
			s.grpc, s.http = entry.Grpc, entry.HTTP
			s.mu.Unlock()
			hasAddress = true
		case "the store is ready":
			hasStore = true
		}
		if hasAddress && hasStore {
			isTold = true
			ready <- nil
		}
	}
	_, _ = io.Copy(io.Discard, output) // after a line that is too long: the server must not wait for its reader
	if !isTold {
		ready <- errors.New("dlqtest: the server ended at its start; is DLQ_SERVER_COMMAND right?\n" + said.String())
	}
}

func (s *Server) end(signal os.Signal) {
	s.mu.Lock()
	child, ended := s.child, s.ended
	s.child = nil
	s.mu.Unlock()
	if child == nil {
		return
	}
	_ = child.Process.Signal(signal)
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		_ = child.Process.Kill()
		<-ended
	}
}

// endStores: a store outlives a server that was killed.
func (s *Server) endStores() {
	_ = filepath.WalkDir(s.dataDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "redis.sock" {
			return nil //nolint:nilerr // what can't be looked at is passed over
		}
		conn, err := net.Dial("unix", path)
		if err != nil {
			return nil //nolint:nilerr // it is gone
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(stopTimeout))
		_, _ = conn.Write([]byte("SHUTDOWN NOSAVE\r\n"))
		_, _ = io.Copy(io.Discard, conn)
		return nil
	})
}

// environment says where the store's program is; no other setting of whoever runs the tests.
func environment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DLQ_") || strings.HasPrefix(pair, "DLQ_REDIS_SERVER=") {
			kept = append(kept, pair)
		}
	}
	return kept
}
