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
	maxOutput    = 4_000 // bytes that an error shows
)

// Server is a real server with its own data on free ports of this machine.
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

// WithCommand sets the command of the server. Default: the words of DLQ_SERVER_COMMAND, such as
// `node path/to/dlq-service/src/main.mjs`, or dlq-server on the PATH.
func WithCommand(words ...string) ServerOption { return func(s *Server) { s.command = words } }

// WithEnv adds settings of the server, in the form DLQ_…=value.
func WithEnv(settings ...string) ServerOption {
	return func(s *Server) { s.env = append(s.env, settings...) }
}

// StartServer starts a server and stops it at the end of the test. The test fails if the server does not start.
func StartServer(tb testing.TB, opts ...ServerOption) *Server {
	tb.Helper()
	s := &Server{tb: tb, grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
	if s.command = strings.Fields(os.Getenv("DLQ_SERVER_COMMAND")); len(s.command) == 0 {
		s.command = []string{"dlq-server"}
	}
	for _, option := range opts {
		option(s)
	}
	// In /tmp, because the path of a Unix socket must be short.
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

// Target returns the gRPC address for dlq.New. It stays the same after a restart.
func (s *Server) Target() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grpc
}

// HTTPAddress returns the HTTP address. It stays the same after a restart.
func (s *Server) HTTPAddress() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.http
}

// Stop stops the server and removes its data.
func (s *Server) Stop() {
	s.end(syscall.SIGTERM)
	s.endStores()
	for range 5 { // a store that ends may hold a file for a moment
		if os.RemoveAll(s.dataDir) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Kill kills the server. The data stay.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Restart stops the server if it runs, and starts it again with its data and addresses.
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
		"DLQ_DRAIN_GRACE=200ms", // at the end of a test no worker reports outcomes
	)
	child.Env = append(child.Env, s.env...)
	reader, writer := io.Pipe()
	child.Stdout, child.Stderr = writer, writer
	if err := child.Start(); err != nil {
		return fmt.Errorf("dlqtest: start of the server failed: %w; check DLQ_SERVER_COMMAND", err)
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

// read reads the output of the server. It sends nil when the server accepts calls and has its store, or an error
// if the server ends before.
func (s *Server) read(output io.Reader, ready chan<- error) {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	var shown strings.Builder
	var hasAddress, hasStore, isReady bool
	for lines.Scan() {
		if isReady {
			continue
		}
		if shown.Len() < maxOutput {
			shown.Write(append(lines.Bytes(), '\n'))
		}
		var entry struct{ Msg, Grpc, HTTP string }
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			continue // no log line
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
			isReady = true
			ready <- nil
		}
	}
	_, _ = io.Copy(io.Discard, output) // a too long line ends Scan, and an unread pipe would block the server
	if !isReady {
		ready <- errors.New("dlqtest: the server ended at its start; check DLQ_SERVER_COMMAND. Its output:\n" + shown.String())
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

// endStores stops Redis, which still runs after a kill of the server.
func (s *Server) endStores() {
	_ = filepath.WalkDir(s.dataDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "redis.sock" {
			return nil //nolint:nilerr // skip unreadable files
		}
		conn, err := net.Dial("unix", path)
		if err != nil {
			return nil //nolint:nilerr // it does not run
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(stopTimeout))
		_, _ = conn.Write([]byte("SHUTDOWN NOSAVE\r\n"))
		_, _ = io.Copy(io.Discard, conn)
		return nil
	})
}

// environment returns this process's environment without DLQ settings, except the path of Redis.
func environment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DLQ_") || strings.HasPrefix(pair, "DLQ_REDIS_SERVER=") {
			kept = append(kept, pair)
		}
	}
	return kept
}
