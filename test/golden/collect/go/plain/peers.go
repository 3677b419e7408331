package plain

import (
	"os"
	"strings"
)

// Port returns the port of a peer that the collector has started.
func Port(peer string) string { return os.Getenv("GOLDEN_" + strings.ToUpper(peer)) }

// Address returns the address of a peer.
func Address(peer string) string { return "127.0.0.1:" + Port(peer) }

// URL returns the URL of a path on a peer.
func URL(peer, path string) string { return "http://" + Address(peer) + path }
