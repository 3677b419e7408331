package main

import (
	"context"
	"os"
	"syscall"
)

func tooManyFiles(context.Context) error {
	var before syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before)
	open, _ := os.ReadDir("/proc/self/fd")
	few := syscall.Rlimit{Cur: uint64(len(open)) + 8, Max: before.Max}
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few)
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)
	for {
		file, err := os.Open("/dev/null")
		if err != nil {
			return err
		}
		defer file.Close()
	}
}

// files: nothing else in the process may open a file then.
var files = []failing{
	{"os: too many files", "go", "RESOURCE_EXHAUSTED", tooManyFiles},
}
