//go:build !unix

package spool

import "os"

// isOwn reports whether a file is a regular one. Each user has a folder of their own.
func isOwn(info os.FileInfo) bool { return info.Mode().IsRegular() }
