package main

import (
	"os"
	"strings"
)

func port(peer string) string { return os.Getenv("GOLDEN_" + strings.ToUpper(peer)) }

func address(peer string) string { return "127.0.0.1:" + port(peer) }

func url(peer, path string) string { return "http://" + address(peer) + path }
