package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlq-service/dlq/clients/go/dlqspoolv1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// orphanAfter is the age at which an untouched file has no owner any more.
	orphanAfter = 120 * time.Second
	// minFileBytes is the smallest file that can hold a message. A smaller one is the rest of a process that
	// ended before it had reported a message as spooled.
	minFileBytes = 25
	// maxFiles bounds the files of a store. Each one is an open file descriptor.
	maxFiles = 64
)

// RecoverOrphans takes over the files of processes that ended. A file of another target or service stays.
func (s *Store) RecoverOrphans() {
	s.mu.Lock()
	held := map[string]bool{}
	for _, f := range s.files {
		held[f.path] = true
	}
	s.mu.Unlock()
	for _, path := range claimOrphans(s.folders, s.scope, s.own, held) {
		s.addOrphan(path)
	}
}

func (s *Store) addOrphan(path string) {
	f, skipped, err := openFile(path)
	if err != nil {
		s.settings.Warn(fmt.Sprintf("cannot read spool file %s: %v; skipping it", filepath.Base(path), err))
		return
	}
	if skipped > 0 {
		s.settings.Warn(fmt.Sprintf("skipped %d damaged bytes in spool file %s", skipped, filepath.Base(path)))
	}
	if f.open == 0 {
		f.remove()
		return
	}
	f.touch()
	_ = f.write(ownerRecord(s.scope, s.own, time.Now()), s.settings.Sync)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
	slices.SortFunc(s.files, func(a, b *file) int { return strings.Compare(a.Name(), b.Name()) })
}

// identity identifies this process, so that others can find out whether it still runs.
type identity struct {
	host, bootID, pidNamespace string
	pid, processStart          int64
}

func ownIdentity() identity {
	own := identity{pid: int64(os.Getpid())}
	own.host, _ = os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	own.bootID = strings.TrimSpace(string(boot))
	own.pidNamespace, _ = os.Readlink("/proc/self/ns/pid")
	own.processStart, _ = startTimeOf(own.pid)
	return own
}

// startTimeOf returns when a process started, in clock ticks since the machine's start. It is not ok if the
// process does not run.
func startTimeOf(pid int64) (ticks int64, ok bool) {
	stat, err := os.ReadFile("/proc/" + strconv.FormatInt(pid, 10) + "/stat")
	if err != nil {
		return 0, false
	}
	// The second field is the program's name in parentheses, which may contain any character.
	_, rest, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	fields := strings.Fields(string(rest))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" { // Z and X: it has ended
		return 0, false
	}
	ticks, err = strconv.ParseInt(fields[19], 10, 64)
	return ticks, err == nil
}

// scope is the target and service of a client. Only a client of the same scope recovers its files.
type scope struct{ target, service string }

func ownerRecord(s scope, own identity, at time.Time) []byte {
	body, _ := proto.Marshal(&dlqspoolv1.Owner{
		Target: s.target, Service: s.service,
		Host: own.host, BootId: own.bootID, PidNamespace: own.pidNamespace,
		Pid: own.pid, ProcessStart: own.processStart,
		CreateTime: timestamppb.New(at),
	})
	return appendRecord(nil, ownerType, body)
}

// claimOrphans renames orphans to new names of this process and returns the new paths. If several processes
// try, the rename of one succeeds.
func claimOrphans(folders []string, s scope, own identity, held map[string]bool) []string {
	var claimed []string
	for _, folder := range folders {
		for _, file := range listFolder(folder) {
			if held[file.path] || len(held)+len(claimed) >= maxFiles {
				continue
			}
			if path, ok := claim(file, s, own); ok {
				claimed = append(claimed, path)
			}
		}
	}
	return claimed
}

func claim(file listedFile, s scope, own identity) (path string, ok bool) {
	if !file.isOwn {
		return "", false // another user may have made it, to have it sent or a file of ours changed
	}
	isUntouched := time.Since(file.changedAt) > orphanAfter
	if file.size < minFileBytes {
		if isUntouched {
			_ = os.Remove(file.path)
		}
		return "", false
	}
	owner := firstOwnerOf(file.path)
	if owner == nil || owner.GetTarget() != s.target || owner.GetService() != s.service {
		return "", false
	}
	if !isUntouched && !hasOwnerEnded(file, owner, own) {
		return "", false
	}
	if !isUntouched && mayHaveNewOwner(file, owner) && !hasOwnerEnded(file, lastOwnerOf(file.path, owner), own) {
		return "", false
	}
	// Touch the file before the rename: reading it may take long, and it must not look like an orphan meanwhile.
	now := time.Now()
	if os.Chtimes(file.path, now, now) != nil {
		return "", false
	}
	path = filepath.Join(filepath.Dir(file.path), newFileName(file.millis))
	return path, os.Rename(file.path, path) == nil // fails if another process was faster
}

// hasOwnerEnded reports whether the process that owns a file has surely ended. A wrong answer only causes a
// duplicate send, which the service detects.
func hasOwnerEnded(file listedFile, owner *dlqspoolv1.Owner, own identity) bool {
	canCompare := own.bootID != "" && owner.GetHost() == own.host && owner.GetBootId() == own.bootID &&
		owner.GetPidNamespace() == own.pidNamespace
	if !canCompare {
		return false
	}
	// The file name has the process id of the current owner; the first record may be of an earlier one.
	start, isRunning := startTimeOf(file.pid)
	if !isRunning {
		return true
	}
	return file.pid == owner.GetPid() && owner.GetProcessStart() != 0 && start != owner.GetProcessStart()
}

// mayHaveNewOwner reports whether a process with the owner's id runs. It may have claimed the file: in a
// restarted container each process has id 1. Only the last Owner record decides then.
func mayHaveNewOwner(file listedFile, owner *dlqspoolv1.Owner) bool {
	_, isRunning := startTimeOf(owner.GetPid())
	return file.pid == owner.GetPid() && isRunning
}

// lastOwnerOf returns the last Owner record of a file, or first if the file can't be read.
func lastOwnerOf(path string, first *dlqspoolv1.Owner) *dlqspoolv1.Owner {
	last := first
	data, err := os.ReadFile(path)
	if err != nil {
		return first
	}
	records, _ := scan(data, len(header))
	for _, r := range records {
		owner := &dlqspoolv1.Owner{}
		if r.recordType == ownerType && proto.Unmarshal(r.body, owner) == nil {
			last = owner
		}
	}
	return last
}

// firstOwnerOf returns the Owner record at the start of a file, or nil.
func firstOwnerOf(path string) *dlqspoolv1.Owner {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, 64<<10) // longer than any Owner record of a client
	n, _ := file.ReadAt(start, 0)
	start = start[:n]
	if !bytes.HasPrefix(start, []byte(header)) {
		return nil
	}
	body, _ := bodyAt(start, len(header))
	if body == nil || start[len(header)+checkedAt] != ownerType {
		return nil
	}
	owner := &dlqspoolv1.Owner{}
	if proto.Unmarshal(body, owner) != nil {
		return nil
	}
	return owner
}
