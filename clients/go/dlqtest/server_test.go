package dlqtest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func TestLongOutputLineDoesNotBlockServer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sh")
	}
	folder := t.TempDir()
	script, written := filepath.Join(folder, "server.sh"), filepath.Join(folder, "written")
	program := `echo '{"msg":"listening","grpc":"127.0.0.1:1","http":"127.0.0.1:2"}'
echo '{"msg":"the store is ready"}'
head -c 3000000 /dev/zero
touch ` + written + `
`
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	dlqtest.StartServer(t, dlqtest.WithCommand("sh", script))
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(written); err == nil {
			return
		}
		if time.Now().After(late) {
			t.Fatal("the output of the server is not read")
		}
	}
}
