//go:build unix

package spool

import (
	"os"
	"syscall"
)

// isOwn reports whether a file is a regular one that belongs to this user and that others can't write to. info is
// that of the path itself, not of a link's target.
func isOwn(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && info.Mode().Perm()&0o022 == 0 && int(stat.Uid) == os.Geteuid()
}
