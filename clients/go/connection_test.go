package dlq

import "testing"

func TestSpoolTargetIsUniquePerServer(t *testing.T) {
	for target, want := range map[string]string{
		"localhost:50051": "localhost:50051", "dns:///localhost:50051": "localhost:50051",
		"localhost": "localhost:443", "::1": "[::1]:443", "[::1]:50051": "[::1]:50051",
		"unix:///run/eu/dlq.sock": "unix:///run/eu/dlq.sock", "unix:///run/us/dlq.sock": "unix:///run/us/dlq.sock",
	} {
		if got := spoolTarget(target); got != want {
			t.Errorf("%s: got %s", target, got)
		}
	}
}
