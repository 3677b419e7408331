package plain

import (
	"os"
	"strings"
)

// Port of a peer, which the collector has started.
func Port(peer string) string { return os.Getenv("GOLDEN_" + strings.ToUpper(peer)) }

// Address of a peer.
func Address(peer string) string { return "127.0.0.1:" + Port(peer) }

// URL of a path of a peer.
func URL(peer, path string) string { return "http://" + Address(peer) + path }
